"""Scores of a forecaster and of its baselines."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.baselines import forecasts as baselines
from echoic.baselines import statistical as by_statsforecast
from echoic.codecs import Scaler
from echoic.forecasting.forecaster import Forecaster
from echoic.forecasting.levels import INTERVALS, LEVELS
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.forecasts import ForecastScores, owa, seasonal_scale
from echoic.metrics.paired import MIN_ITEMS
from echoic.metrics.series_errors import SeriesErrors, item_errors, series_table
from echoic.progress import ProgressFn, no_progress
from echoic.types.counted import counted
from echoic.windows import Panel, Ranges, SequentialSampler, Windows, evenly_spaced

Array = NDArray[np.float64]

BATCH = 256

MAX_LINEAR_WINDOWS = 20_000
"""Maximum number of (evenly spaced) training windows for the linear baseline."""

BLOCK_HORIZONS = 2
"""Length of a block in horizons: windows overlap, so those of a block are one item in the lead over a baseline."""

MAX_NAIVE2_WINDOWS = 2000
"""Limit of windows times features for Naive2 and OWA, because Naive2 decomposes the whole history of each."""


@final
@dataclass(frozen=True, repr=False)
class ForecastEvaluation(Evaluation):
    """Scores of the model and of the baselines; `by_horizon` and `by_feature` are the model's.

    `by_series` has, for each series, the model's mean absolute error and MASE, and the best baseline's error.
    """

    by_horizon: list[dict[str, float]]
    baselines_by_horizon: dict[str, list[dict[str, float]]]
    by_feature: dict[str, dict[str, float]]
    by_series: dict[str, dict[str, float]]
    units: str
    windows: int

    @property
    def headline(self) -> str:
        """The mean absolute error."""
        return "mae"

    @property
    def description(self) -> str:
        """Number of windows and the units."""
        return f"{counted(self.windows, 'window')}, errors in {self.units}"

    @property
    def details(self) -> dict[str, Any]:
        """Units, number of windows, and the scores by step ahead, by feature and by series."""
        return {
            "units": self.units,
            "windows": self.windows,
            "by_horizon": self.by_horizon,
            "by_feature": self.by_feature,
            "by_series": self.by_series,
        }


class Scored(NamedTuple):
    """A batch of windows: panel rows of the first targets, and targets and forecasts in data units."""

    origins: Tensor
    target: Array
    mean: Array
    quantiles: Array | None


@final
@dataclass(frozen=True, eq=False)
class Evaluator:
    """Evaluates a forecaster; statistics of the train split are the units of the scores."""

    forecaster: Forecaster
    train_panel: Panel
    train: Ranges

    def sampler(self, ranges: Ranges, stride: int = 1) -> SequentialSampler:
        """Every window whose horizon lies in `ranges`; the look-back may begin before.

        Where some history lies before the range, but less than a look-back, the look-back begins before the series.
        """
        framing, begin = self.forecaster.framing, self.forecaster.framing.panel.offsets[:-1]
        steps = framing.context + framing.horizon
        floor = torch.where(ranges.begin > begin, torch.minimum(begin, ranges.begin - framing.context), begin)
        return SequentialSampler(Windows(ranges, steps, framing.horizon, stride, floor), BATCH)

    def scored(self, sampler: SequentialSampler) -> Iterator[Scored]:
        """Forecasts and targets, batch by batch."""
        framing = self.forecaster.framing
        for index in sampler.epoch():
            forecast = self.forecaster.forecast(index.starts)
            origins = index.starts + framing.context
            target = framing.panel.window(origins, framing.horizon)
            quantiles = None if forecast.quantiles is None else _numpy(forecast.quantiles)
            yield Scored(origins, _numpy(target), _numpy(forecast.mean), quantiles)

    def evaluate(
        self,
        sampler: SequentialSampler,
        season: int,
        on_progress: ProgressFn = no_progress,
        *,
        statistical: bool = False,
    ) -> ForecastEvaluation:
        """The scores over the windows of `sampler`; `season` is for the seasonal naive forecast and MASE (1: none).

        `statistical` adds ETS and Theta to the baselines, which takes a while.

        Raises:
            MissingExtraError: their package is not installed.
        """
        framing = self.forecaster.framing
        several = len(framing.panel.features) > 1
        units = self._units() if several else np.ones((len(framing.panel.names), 1, 1))
        mase_scales = self._mase_scales(sampler.windows, season)
        forecasts = self._forecasts(season, sampler.num_windows) | (self._statistical(season) if statistical else {})
        tables = {name: self._new_scores() for name in ("model", *forecasts)}
        by_series = {name: SeriesErrors(len(framing.panel.names)) for name in tables}
        has_many = len(framing.panel.names) >= MIN_ITEMS
        block_steps = BLOCK_HORIZONS * framing.horizon
        by_block = {name: SeriesErrors(len(framing.panel.values) // block_steps + 1) for name in tables}
        done = 0
        for batch in self.scored(sampler):
            series = framing.panel.series_index(batch.origins).numpy()
            blocks = batch.origins.numpy() // block_steps
            common = (units[series], mase_scales[series])
            means = {"model": batch.mean} | {name: forecast(batch.origins) for name, forecast in forecasts.items()}
            for name, mean in means.items():
                tables[name].add(batch.target, mean, batch.quantiles if name == "model" else None, *common)
                by_series[name].add(series, batch.target, mean, *common)
                by_block[name].add(blocks, batch.target, mean, *common)
            done += len(batch.origins)
            on_progress(done, sampler.num_windows)
        naive = {name: tables[name].table() for name in forecasts}
        scores = tables["model"].table()
        for table in (scores, *naive.values()) if "naive2" in naive else ():
            weighted = owa(table, naive["naive2"])
            if weighted is not None:
                table["owa"] = weighted
        return ForecastEvaluation(
            scores,
            naive,
            tables["model"].by_horizon(),
            {name: tables[name].by_horizon() for name in forecasts},
            tables["model"].by_feature(),
            series_table(framing.panel.names, by_series),
            "standard deviations of the train split" if several else "the units of the data",
            sampler.num_windows,
            item_errors=item_errors(*(("series", by_series) if has_many else ("blocks of windows", by_block))),
        )

    def _new_scores(self) -> ForecastScores:
        framing = self.forecaster.framing
        intervals = {percent: ((100 - percent) / 200, 1 - (100 - percent) / 200) for percent in INTERVALS}
        return ForecastScores(framing.horizon, framing.panel.features, LEVELS, intervals)

    def _units(self) -> Array:
        """Standard deviations in training, `(series, 1, features)`, to average over features in different units."""
        return _numpy(self._standard().scale[self._standard_rows()])[:, None]

    def _standard(self) -> Scaler:
        parts = [self.train_panel.values[begin:end] for begin, end in self.train.spans()]
        return Scaler.fit("standard", self.train_panel.names, parts)

    def _standard_rows(self) -> Tensor:
        """Row of the training series of each evaluated series; the first for unknown series."""
        known = {name: row for row, name in enumerate(self.train_panel.names)}
        return torch.tensor([known.get(name, 0) for name in self.forecaster.framing.panel.names])

    def _mase_scales(self, windows: Windows, season: int) -> Array:
        """Scales `(series, 1, features)`, from all steps before the first target of each series."""
        panel, framing = self.forecaster.framing.panel, self.forecaster.framing
        first = windows.first + framing.context
        scales = [
            seasonal_scale(panel.values[begin:end].numpy(), season)
            for begin, end in Ranges(panel.offsets[:-1], first).spans()
        ]
        return np.stack(scales)[:, None]

    def _forecasts(self, season: int, windows: int) -> dict[str, Callable[[Tensor], Array]]:
        """The baselines by name, as functions of the rows of the first targets."""
        horizon, lookback = self.forecaster.framing.horizon, self.forecaster.framing.lookback
        panel = self.forecaster.framing.panel

        def history(rows: Tensor, steps: int) -> Array:
            return _numpy(panel.history(rows, steps))

        steps = max(lookback, season + 1)
        forecasts: dict[str, Callable[[Tensor], Array]] = {
            "persistence": lambda rows: baselines.persistence(history(rows, steps), horizon),
            "drift": lambda rows: baselines.drift(history(rows, steps), horizon),
        }
        if season > 1:
            forecasts["seasonal"] = lambda rows: baselines.seasonal_naive(history(rows, steps), horizon, season)
            forecasts["growth"] = lambda rows: baselines.seasonal_growth(history(rows, steps), horizon, season)
        forecasts["linear"] = self._linear()
        combined = self.forecaster.baselines
        if combined is not None:
            forecasts["smoothing"] = combined.smoothed
            forecasts["combination"] = lambda rows: combined.forecast(rows).mean
        if windows * len(panel.features) <= MAX_NAIVE2_WINDOWS:
            longest = int(panel.offsets.diff().max())
            forecasts["naive2"] = lambda rows: np.concatenate(
                [baselines.naive2(history(row, longest), horizon, season) for row in torch.split(rows, 1)]
            )
        return forecasts

    def _statistical(self, season: int) -> dict[str, Callable[[Tensor], Array]]:
        """ETS, fitted once for each column before the first scored step, and Theta."""
        panel, horizon, features = (
            self.forecaster.framing.panel,
            self.forecaster.framing.horizon,
            range(len(self.forecaster.framing.panel.features)),
        )
        models: dict[tuple[int, int], by_statsforecast.Ets] = {}

        def each(rows: Tensor, one: Callable[[Array, int, int], Array]) -> Array:
            series = panel.series_index(rows)
            begins = panel.offsets[series]
            return np.stack([
                np.stack([one(_numpy(panel.values[begin:row, column]), number, column) for column in features], 1)
                for row, begin, number in zip(rows.tolist(), begins.tolist(), series.tolist(), strict=True)
            ])  # fmt: skip

        def ets(history: Array, number: int, column: int) -> Array:
            key = (number, column)
            if key not in models:
                models[key] = by_statsforecast.Ets(history, season)
            return models[key].forecast(history, horizon)

        return {
            "ets": lambda rows: each(rows, ets),
            "theta": lambda rows: each(rows, lambda history, *_: by_statsforecast.theta(history, horizon, season)),
        }

    def _linear(self) -> Callable[[Tensor], Array]:
        """The linear baseline, fitted to the standardised train split."""
        framing = self.forecaster.framing
        standard, rows_of = self._standard(), self._standard_rows()
        lookback, horizon = framing.lookback, framing.horizon
        windows = Windows(self.train, lookback + horizon, horizon)

        def pairs() -> Iterator[tuple[Array, Array]]:
            for index in SequentialSampler(windows, BATCH, evenly_spaced(len(windows), MAX_LINEAR_WINDOWS)).epoch():
                values = standard.encode(
                    self.train_panel.window(index.starts, index.steps), self.train_panel.series_index(index.starts)
                )
                yield _numpy(values[:, :lookback]), _numpy(values[:, lookback:])

        linear = baselines.LinearMap.fit(pairs, lookback, horizon)

        def forecast(rows: Tensor) -> Array:
            series = rows_of[framing.panel.series_index(rows)]
            seen = standard.encode(framing.panel.window(rows - lookback, lookback), series)
            return _numpy(standard.decode(torch.from_numpy(linear.forecast(_numpy(seen))), series))

        return forecast


def _numpy(values: Tensor) -> Array:
    return values.double().numpy()
