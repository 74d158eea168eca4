"""The forecast job laid over a data set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.batches import BatchLoader
from echoic.config import ForecastSettings, HeadSettings
from echoic.errors import ConfigError, DataError
from echoic.forecasting.forecaster import LEVELS, Calibration, Forecaster, calibrate
from echoic.forecasting.framing import Codec, Framing
from echoic.forecasting.plan import default_split, plan
from echoic.jobs.base import Task
from echoic.jobs.forecast.network import build_network
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.sources import Dataset, DatasetLike
from echoic.types import Series
from echoic.windows import (
    ChunkSampler,
    Panel,
    Ranges,
    Sampler,
    SequentialSampler,
    ShuffledSampler,
    WeightedWindowSampler,
    Windows,
    evenly_spaced,
    merge_ranges,
    split_series,
)

DEV_BATCH = 256

_SAMPLED_WINDOWS = 2000

_SMALLEST_UNIT = 1e-4

_FEWEST_CALIBRATED = 9
"""Of fewer errors on dev none can be said to be exceeded once in ten times; from 39 on, once in forty."""


@final
@dataclass(frozen=True, eq=False)
class ForecastTask(Task[ForecastSettings]):
    """Series, their parts, and the framing that turns them into batches."""

    settings_class = ForecastSettings

    dataset: DatasetLike
    settings: ForecastSettings
    panel: Panel
    splits: dict[str, Ranges]
    codec: Codec

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: ForecastSettings, on_progress: ProgressFn = no_progress) -> Self:
        _check_levels(settings.output)
        rule = settings.split.split or default_split(dataset.series, settings)
        settings = settings.replaced(split=rule)
        panel, splits = Panel.from_series(dataset.series), split_series(dataset.series, rule)
        settings = plan(settings, panel, splits["train"])
        codec = Codec.fit(settings, panel, _fitted_on(settings, splits))
        task = cls(dataset, settings, panel, splits, codec)
        task._check_lengths()
        task._check_values()
        if settings.window.strategy != "direct":
            return task
        windows, _ = task.windows("train")
        unit = task.framing.base_error(windows.starts(evenly_spaced(len(windows), _SAMPLED_WINDOWS)))
        # A base that is never wrong leaves nothing to scale.
        return replace(task, codec=replace(codec, unit=unit if unit > _SMALLEST_UNIT else 1.0))

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: ForecastSettings, codec: Mapping[str, Any]) -> Self:
        fitted = Codec.from_json(dict(codec))
        # A wide table is named after its file, which may have been renamed since.
        series = tuple(replace(one, name=name) for one, name in zip(dataset.series, fitted.values.names, strict=True))
        splits = split_series(series, settings.split.split or default_split(series, settings))
        own = Dataset(series, dataset.report, dataset.fingerprint, dataset.origin)
        return cls(own, settings, Panel.from_series(series), splits, fitted)

    @property
    def framing(self) -> Framing:
        """The framing of the task's own panel."""
        return Framing(self.settings, self.codec, self.panel)

    def codec_state(self) -> dict[str, Any]:
        return self.codec.to_json()

    def build_model(self) -> SequenceModel:
        return build_network(self.settings, self.framing)

    def train_batches(self) -> BatchLoader:
        return BatchLoader(self._sampler(self.splits["train"]), self.framing.collate)

    @property
    def supports_scheduled_sampling(self) -> bool:
        return self.settings.window.strategy == "recursive"

    @property
    def should_refit(self) -> bool:
        return bool(self.settings.window.refit) and bool(self.splits["dev"].lengths.sum()) and not self.is_shuffled

    def refit_batches(self) -> BatchLoader:
        return BatchLoader(self._sampler(merge_ranges(self.splits["train"], self.splits["dev"])), self.framing.collate)

    def dev_batches(self) -> BatchLoader | None:
        dev = self.splits["dev"]
        if self.settings.window.batching == "windows" or int(dev.lengths.min()) < 2:
            windows, chosen = self.windows("dev")
            count = len(windows) if chosen is None else len(chosen)
            thinned = evenly_spaced(count, self.settings.window.max_dev_windows)
            sampler: Sampler = SequentialSampler(windows, DEV_BATCH, thinned if chosen is None else chosen[thinned])
        else:
            # One pass with the state carried: the way the network is used.
            sampler = ChunkSampler.from_ranges(dev, 1, self.settings.window.lookback)
        return BatchLoader(sampler, self.framing.collate) if len(sampler) else None

    def windows(self, split: str) -> tuple[Windows, Tensor | None]:
        """The windows of a part; with shuffled parts, all windows and the numbers of those that fell to the part."""
        context, tail = self.framing.context, self._tail
        stride = self.settings.window.stride
        if self.is_shuffled:
            windows = Windows(_everything(self.splits), context + tail, tail, stride)
            return windows, self._shuffled_indices(len(windows))[split]
        if split == "train":
            return Windows(self.splits[split], context + tail, tail, stride), None
        return Windows(self.splits[split], context + tail, tail, 1, self.panel.offsets[:-1]), None

    def shuffled_sampler(self, split: str) -> SequentialSampler:
        """The windows of a whole horizon that fell to a part when they were dealt at random."""
        steps, horizon = self.framing.context + self.settings.window.horizon, self.settings.window.horizon
        windows = Windows(_everything(self.splits), steps, horizon, self.settings.window.stride)
        return SequentialSampler(windows, DEV_BATCH, self._shuffled_indices(len(windows))[split])

    @property
    def _tail(self) -> int:
        """Steps of a training window after those that the network sees first."""
        # Windows that are dealt at random are the same in all parts.
        return (
            1 if self.settings.window.strategy == "recursive" and not self.is_shuffled else self.settings.window.horizon
        )

    @property
    def is_shuffled(self) -> bool:
        """Whether windows were dealt to the parts at random."""
        return self.settings.split.split_order == "shuffled"

    def _sampler(self, ranges: Ranges) -> Sampler:
        """The order of training batches over a part."""
        size, window = self.settings.train.batch_size, self.settings.window
        if window.batching != "windows":
            return ChunkSampler.from_ranges(ranges, size, window.lookback if window.batching == "chunks" else None)
        if self.is_shuffled:
            windows, chosen = self.windows("train")
            return ShuffledSampler(windows, size, chosen)
        windows = Windows(ranges, self.framing.context + self._tail, self._tail, window.stride)
        recent, align = window.recency_exponent or 1.0, window.season_aligned_fraction or 0.0
        if recent == 1.0 and align == 0.0:
            return ShuffledSampler(windows, size)
        season = self.settings.scaling.season
        return WeightedWindowSampler(windows, size, recent, align, season[0] if season else 1)

    def data_report(self) -> dict[str, Any]:
        lengths = {split: int(ranges.lengths.sum()) for split, ranges in self.splits.items()}
        report = self.dataset.report.to_json() | {"steps_per_split": lengths}
        windows = {split: len(self.windows(split)[0]) for split in self.splits}
        if self.is_shuffled:
            windows = {split: len(chosen) for split in self.splits if (chosen := self.windows(split)[1]) is not None}
            report["shared_with_train"] = self._overlap()
        return report | {"windows": windows}

    def calibrate(self, model: SequenceModel) -> dict[str, Any] | None:
        wanted = self.settings.output.head == "point" or self.settings.window.conformal
        starts = self._dev_starts()
        if not wanted or len(starts) < _FEWEST_CALIBRATED:
            return None
        return calibrate(self.forecaster(model, None), torch.split(starts, DEV_BATCH)).to_json()

    def _dev_starts(self) -> Tensor:
        """Where windows of the dev part begin, if there are many, only some of them."""
        if self.is_shuffled:
            starts = [index.starts for index in self.shuffled_sampler("dev").epoch()]
            return (
                torch.cat(starts)[evenly_spaced(sum(map(len, starts)), _SAMPLED_WINDOWS)] if starts else torch.zeros(0)
            )
        context, horizon = self.framing.context, self.settings.window.horizon
        windows = Windows(self.splits["dev"], context + horizon, horizon, 1, self.panel.offsets[:-1])
        return windows.starts(evenly_spaced(len(windows), _SAMPLED_WINDOWS))

    def forecaster(self, model: SequenceModel, calibration: Calibration | None) -> Forecaster:
        """The trained `model` over the task's own panel."""
        return Forecaster(model, self.framing, calibration, self.settings.train.seed)

    def forecaster_for(
        self,
        model: SequenceModel,
        calibration: Calibration | None,
        series: tuple[Series, ...],
        seen: int | None = None,
    ) -> Forecaster:
        """The trained `model` over other series with the same columns.

        Series that the run does not know are scaled by their first `seen` steps (None: by all).

        Raises:
            DataError: they have other columns.
        """
        self.check_columns(series[0])
        panel = Panel.from_series(series)
        framing = Framing(self.settings, self.codec.extended(self.settings, panel, seen), panel)
        return Forecaster(model, framing, calibration, self.settings.train.seed)

    def _check_lengths(self) -> None:
        context, tail = self.framing.context, self._tail
        in_windows = self.settings.window.batching == "windows"
        if self.is_shuffled and not in_windows:
            raise ConfigError("`split.split_order` = shuffled is for --batching windows.")
        if not in_windows and self.settings.window.strategy != "recursive":
            raise ConfigError("`window.batching` chunks and whole are for --strategy recursive.")
        need = context + tail if in_windows else 2
        shortest = int(self.splits["train"].lengths.argmin())
        length = int(self.splits["train"].lengths[shortest])
        if length < need:
            raise DataError(
                f"{self.dataset.origin}: the training part of {self.panel.names[shortest]!r} has {length} steps; it "
                f"must have {need}, {context} to look back and {tail} ahead. Choose a smaller --lookback, --horizon, "
                "--season or --lags, or another --split."
            )

    def _check_values(self) -> None:
        train = self.splits["train"]
        for name, (begin, end) in zip(self.panel.names, train.spans(), strict=True):
            empty = torch.isnan(self.panel.values[begin:end]).all(0)
            if empty.any():
                feature = self.panel.features[int(empty.int().argmax())]
                raise DataError(
                    f"{self.dataset.origin}: {feature!r} of {name!r} has no value in the training part; leave it out, "
                    "or choose another --split."
                )

    def check_columns(self, one: Series) -> None:
        """Checks that a new series has the columns of the run's.

        Raises:
            DataError: it has others.
        """
        own = self.dataset.series[0]
        mine = (own.features, own.covariates.past_names, own.covariates.future_names, own.covariates.static_names)
        theirs = (one.features, one.covariates.past_names, one.covariates.future_names, one.covariates.static_names)
        if mine != theirs:
            raise DataError(
                f"{one.origin}: has the columns {_names(theirs)}, but the run was trained on {_names(mine)}."
            )

    def _shuffled_indices(self, windows: int) -> dict[str, Tensor]:
        """Which windows fell to which part; the seed decides."""
        permutation = torch.randperm(windows, generator=torch.Generator().manual_seed(self.settings.train.seed))
        sizes = [int(self.splits[split].lengths.sum()) for split in ("train", "dev")]
        every = int(_everything(self.splits).lengths.sum())
        train, dev = (windows * size // every for size in sizes)
        return {
            "train": permutation[:train].sort().values,
            "dev": permutation[train : train + dev].sort().values,
            "test": permutation[train + dev :].sort().values,
        }

    def _overlap(self) -> dict[str, float]:
        """The share of the windows of dev and test that have a step in common with a training window."""
        windows, _ = self.windows("train")
        starts = {split: windows.starts(chosen) for split, chosen in self._shuffled_indices(len(windows)).items()}
        covered = torch.zeros(len(self.panel.values) + 1)
        for start in starts["train"]:
            covered[int(start) : int(start) + windows.steps] = 1
        upto = torch.cat([torch.zeros(1), covered.cumsum(0)])
        fractions = {}
        for split in ("dev", "test"):
            touched = upto[starts[split] + windows.steps] - upto[starts[split]] > 0
            fractions[split] = float(touched.float().mean()) if len(touched) else 0.0
        return fractions


def _check_levels(settings: HeadSettings) -> None:
    levels = settings.quantiles
    if settings.head == "quantiles" and not (levels[0] <= LEVELS[0] and LEVELS[-1] <= levels[-1]):
        raise ConfigError(
            f"`quantiles` must reach from {LEVELS[0]:g} to {LEVELS[-1]:g}: forecasts tell 95 % intervals."
        )


def _fitted_on(settings: ForecastSettings, splits: dict[str, Ranges]) -> Ranges:
    """What scalers may see: the training part; with shuffled windows that is everything."""
    return _everything(splits) if settings.split.split_order == "shuffled" else splits["train"]


def _everything(splits: dict[str, Ranges]) -> Ranges:
    return merge_ranges(splits["train"], splits["test"])


def _names(columns: tuple[tuple[str, ...], ...]) -> str:
    return ", ".join(name for group in columns for name in group)
