"""The task of the forecast job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.batches import BatchLoader
from echoic.config import ForecastSettings
from echoic.errors import DataError
from echoic.forecasting.bounds import bound_note
from echoic.forecasting.calendar import is_used, with_calendar
from echoic.forecasting.calendar_plan import resolve_calendar
from echoic.forecasting.calibrate import calibrate
from echoic.forecasting.calibration import Calibration
from echoic.forecasting.forecaster import Forecaster
from echoic.forecasting.framing import Codec, Framing
from echoic.forecasting.linear_maps import CombinationState
from echoic.forecasting.plan import default_split, plan
from echoic.forecasting.trainable import trainable
from echoic.forecasting.windows import MAX_SAMPLED_WINDOWS, SplitWindows, all_ranges
from echoic.jobs.base import Task
from echoic.jobs.forecast.checks import check_levels, check_train_split
from echoic.jobs.forecast.network import build_network
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.sources import DataReport, DatasetLike
from echoic.sources.rebinned import last_rows
from echoic.types import Series
from echoic.types.zones import is_offset
from echoic.windows import Panel, Ranges, evenly_spaced, merge_ranges, split_series

_MIN_UNIT = 1e-4


@final
@dataclass(frozen=True, eq=False)
class ForecastTask(Task[ForecastSettings]):
    """Series, their splits, and the fitted codec.

    `series` are those of the dataset that can be used, or their copies in the run folder.
    """

    settings_class = ForecastSettings

    dataset: DatasetLike
    settings: ForecastSettings
    series: tuple[Series, ...]
    panel: Panel
    splits: dict[str, Ranges]
    codec: Codec
    calendar_note: str = ""
    """What was chosen of the calendar."""
    skipped: tuple[str, ...] = ()
    """Notes on the series of the dataset that are left out."""

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: ForecastSettings, on_progress: ProgressFn = no_progress) -> Self:
        check_levels(settings.output)
        rule = settings.split.split or default_split(dataset.series, settings)
        found_time = dataset.report.found_time if isinstance(dataset.report, DataReport) else None
        # Kept by name: new data may have other dates besides.
        settings = settings.replaced(split=rule, time=found_time or settings.data.time)
        usable = trainable(dataset.series, rule, settings.data.on_error)
        panel, splits = Panel.from_series(usable.series), split_series(usable.series, rule)
        settings = plan(settings, panel, splits["train"], usable.series[0].time.frequency)
        # Shuffled windows of all splits share their steps, so that statistics cannot be of training alone.
        fitted_on = all_ranges(splits) if settings.split.split_order == "shuffled" else splits["train"]
        codec = Codec.fit(settings, panel, fitted_on)
        task = cls(dataset, settings, usable.series, panel, splits, codec, skipped=usable.notes)
        check_train_split(task)
        task = replace(task, **task._calendar(fitted_on))
        if settings.window.strategy != "direct":
            return task
        windows, _ = task.windows.of("train")
        unit = task.framing.base_error(windows.starts(evenly_spaced(len(windows), MAX_SAMPLED_WINDOWS)))
        # A baseline without errors leaves nothing to scale.
        return replace(task, codec=replace(task.codec, unit=unit if unit > _MIN_UNIT else 1.0))

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: ForecastSettings, codec: Mapping[str, Any]) -> Self:
        fitted = Codec.from_json(dict(codec))
        own = dataset.kept
        if own is None:
            rule = settings.split.split or default_split(dataset.series, settings)
            own = trainable(dataset.series, rule, settings.data.on_error).series
        # A wide table is named after its file, which may have been renamed since.
        series = tuple(replace(one, name=name) for one, name in zip(own, fitted.values.names, strict=True))
        splits = split_series(series, settings.split.split or default_split(series, settings))
        return cls(
            dataset,
            settings,
            series,
            _panel(series, settings, settings.window.horizon, calendar_zone(series)),
            splits,
            fitted,
        )

    def continued(self, dataset: DatasetLike, settings: ForecastSettings) -> Self:
        self.check_columns(dataset.series[0])
        rule = settings.split.split or default_split(dataset.series, settings)
        usable = trainable(dataset.series, rule, settings.data.on_error)
        panel = _panel(usable.series, settings, settings.window.horizon, calendar_zone(self.series))
        splits, codec = split_series(usable.series, rule), self.codec.extended(settings, panel)
        settings = settings.replaced(split=rule)
        task = type(self)(dataset, settings, usable.series, panel, splits, codec, skipped=usable.notes)
        check_train_split(task)
        return task

    @property
    def kept_series(self) -> tuple[Series, ...]:
        settings = self.settings.data
        return tuple(replace(one, rows=last_rows(one, settings)) for one in self.series)

    @property
    def framing(self) -> Framing:
        """The framing of the task's own panel."""
        return Framing(self.settings, self.codec, self.panel)

    @property
    def windows(self) -> SplitWindows:
        """The windows of the splits."""
        return SplitWindows(self.settings, self.framing, self.splits)

    def codec_state(self) -> dict[str, Any]:
        return self.codec.to_json()

    def build_model(self) -> SequenceModel:
        return build_network(self.settings, self.framing, self.components)

    @property
    def supports_scheduled_sampling(self) -> bool:
        return self.settings.window.strategy == "recursive"

    def train_batches(self) -> BatchLoader:
        return BatchLoader(self.windows.train_sampler(self.splits["train"]), self.framing.collate)

    @property
    def should_refit(self) -> bool:
        has_dev = bool(self.splits["dev"].lengths.sum())
        return bool(self.settings.window.refit) and has_dev and not self.windows.is_shuffled

    def refit_batches(self) -> BatchLoader:
        both = merge_ranges(self.splits["train"], self.splits["dev"])
        return BatchLoader(self.windows.train_sampler(both), self.framing.collate)

    def dev_batches(self) -> BatchLoader | None:
        sampler = self.windows.dev_sampler()
        return BatchLoader(sampler, self.framing.collate) if len(sampler) else None

    def data_report(self) -> dict[str, Any]:
        lengths = {split: int(ranges.lengths.sum()) for split, ranges in self.splits.items()}
        shared = {"shared_with_train": self.windows.overlap()} if self.windows.is_shuffled else {}
        report = self.dataset.report.to_json() | {"steps_per_split": lengths}
        notes = (*self.skipped, self.calendar_note, bound_note(self.settings.scaling.nonnegative or ()))
        report["notes"] += [note for note in notes if note]
        return report | shared | {"windows": self.windows.counts()}

    def calibrate(self, model: SequenceModel) -> dict[str, Any] | None:
        starts = self.windows.calibration_starts()
        train, both = self.splits["train"], merge_ranges(self.splits["train"], self.splits["dev"])
        combination = CombinationState.fit(self.framing, train, both)
        weight = self.settings.window.network_weight
        return calibrate(self.forecaster(model, None), combination, starts, weight).to_json()

    def forecaster(self, model: SequenceModel, calibration: Calibration | None) -> Forecaster:
        """The trained `model` over the task's own panel."""
        seed, train_ends = self.settings.train.seed, self.splits["train"].end
        return Forecaster(model, self.framing, calibration, seed, train_ends, self.calibrated_ends)

    @property
    def calibrated_ends(self) -> Tensor:
        """The row of each series up to which training or calibration has used it."""
        ends = torch.maximum(self.splits["train"].end, self.splits["dev"].end)
        return self.panel.offsets[1:] if self.windows.is_shuffled else ends

    def forecaster_for(
        self,
        model: SequenceModel,
        calibration: Calibration | None,
        series: tuple[Series, ...],
        seen: int | None = None,
        fit_ends: Tensor | None = None,
        calibrated_ends: Tensor | None = None,
        ahead: int | None = None,
    ) -> Forecaster:
        """The trained `model` over other series with the same columns.

        Series that are not in the run are scaled by their first `seen` steps (None: by all). The baselines choose their
        rates on the rows before `fit_ends` (None: on all); the widths of intervals follow what is after
        `calibrated_ends` (None: nothing). The calendar is known for `ahead` steps (None: the horizon).

        Raises:
            DataError: they have other columns, or no timestamps for the run's calendar.
        """
        self.check_columns(series[0])
        steps_ahead = self.settings.window.horizon if ahead is None else ahead
        panel = _panel(series, self.settings, steps_ahead, calendar_zone(self.series))
        framing = Framing(self.settings, self.codec.extended(self.settings, panel, seen), panel)
        return Forecaster(model, framing, calibration, self.settings.train.seed, fit_ends, calibrated_ends)

    def check_columns(self, one: Series) -> None:
        """Checks that a new series has the columns of the run's series.

        Raises:
            DataError: it has others.
        """
        expected, given = (
            (own.features, own.covariates.past_names, own.covariates.future_names, own.covariates.static_names)
            for own in (self.series[0], one)
        )
        if given != expected:
            raise DataError(
                f"{one.origin} has the columns {_names(given)}, but the run was trained on {_names(expected)}."
            )

    def _calendar(self, fitted_on: Ranges) -> dict[str, Any]:
        """What the calendar changes: settings as resolved, a note, and with columns the panel and its codec."""
        series = self.series
        calendar, note = resolve_calendar(series, self.settings.calendar, self.windows)
        settings = self.settings.replaced(calendar=calendar.calendar, holidays=calendar.holidays)
        changed = {"settings": settings, "calendar_note": note}
        if not is_used(calendar):
            return changed
        panel = _panel(series, settings, settings.window.horizon, calendar_zone(series))
        return changed | {"panel": panel, "codec": Codec.fit(settings, panel, fitted_on)}


def calendar_zone(series: Sequence[Series]) -> str | None:
    """The zone whose clocks the calendar follows: a named one; with offsets each series has its own."""
    zone = series[0].time.zone
    return None if is_offset(zone) else zone


def _panel(series: Sequence[Series], settings: ForecastSettings, ahead: int, zone: str | None) -> Panel:
    """The panel of the series and of the calendar, as resolved, on the clocks of `zone`."""
    return Panel.from_series(with_calendar(series, settings.calendar, ahead, zone))


def _names(columns: tuple[tuple[str, ...], ...]) -> str:
    return ", ".join(name for group in columns for name in group)
