"""The baselines that a forecast is combined from, at any origin of a panel."""

from functools import cached_property
from typing import final

import numpy as np
import torch
from torch import Tensor

from echoic.baselines import forecasts as baselines
from echoic.baselines.smoothing import Smoothing
from echoic.forecasting.framing import Framing
from echoic.forecasting.linear_maps import Array, CombinationState, Maps, Units, numpy64
from echoic.windows import Panel, Ranges

_MEDIAN_STEPS = (12, 48)

_LINE_STEPS = 100

_MAX_SEASON = 1000

_MAX_SMOOTHED_STEPS = 20_000
"""Longer series are not smoothed: it is a loop over steps."""


@final
class Candidates:
    """Simple forecasts over the panel of `framing`.

    Args:
        state: fitted on train.
        framing: the panel, its scale, look-back and horizon.
        fit_ends: the row of each series where its train split ends, before which smoothing rates are chosen.
        longest: steps of the longest series, which may lie in another part.
    """

    def __init__(self, state: CombinationState, framing: Framing, fit_ends: Tensor, longest: int) -> None:
        self.state = state
        self.framing = framing
        self.panel: Panel = framing.panel
        self.horizon = framing.horizon
        self.seasons = tuple(season for season in state.seasons if season <= _MAX_SEASON)
        self._fit_ends = fit_ends
        self._longest = longest

    def names(self) -> list[str]:
        """The names of all candidates, in the order of their forecasts."""
        return list(self.forecasts(self.panel.offsets[:1] + 1))

    def forecasts(self, origins: Tensor) -> dict[str, Array]:
        """Each candidate's forecasts `(origins, horizon, features)` of the steps from the rows `origins` on.

        Each origin must have a step of its series before it; it may be the row right after the series.
        """
        return self._with_maps(origins, self.state.final_maps)

    def _with_maps(self, origins: Tensor, maps: Maps) -> dict[str, Array]:
        """The forecasts of each baseline, `(origins, horizon, features)`."""
        horizon = self.horizon
        steps = max(_MEDIAN_STEPS[-1], _LINE_STEPS, *(4 * season for season in self.seasons))
        history = self.history(origins, steps)
        members: dict[str, Array] = {
            "persistence": baselines.persistence(history, horizon),
            "drift": baselines.drift(history[:, -_LINE_STEPS:], horizon),
            "line": baselines.recent_line(history[:, -_LINE_STEPS:], horizon),
        }
        for number in _MEDIAN_STEPS:
            members[f"median of {number}"] = baselines.recent_median(history, horizon, number)
        for season in self.seasons:
            members[f"season of {season}"] = baselines.seasonal_naive(history, horizon, season)
            members[f"mean season of {season}"] = baselines.seasonal_mean(history, horizon, season)
        for name, (smoothing, log) in self._smoothings.items():
            members[name] = self._smoothed(smoothing, origins, log=log)
        for name, weights in maps.items():
            members[name] = self._linear(weights, origins, log=name.endswith("log"))
        return members

    def held_out(self, origins: Tensor) -> dict[str, Array]:
        """As `forecasts`, with linear maps that have not been fitted on what follows the origins."""
        members = self._with_maps(origins, self.state.train_maps)
        in_train = origins < self._fit_ends[self.panel.series_index(origins - 1)]
        for name, weights in self.state.early_maps.items():
            early = self._linear(weights, origins, log=name.endswith("log"))
            members[name] = np.where(in_train.numpy()[:, None, None], early, members[name])
        return members

    def _smoothed(self, smoothing: Smoothing, origins: Tensor, *, log: bool) -> Array:
        features = len(self.panel.features)
        series = self.panel.series_index(origins - 1)
        steps = (origins - self.panel.offsets[series]).repeat_interleave(features).numpy()
        columns = (series[:, None] * features + torch.arange(features)).reshape(-1).numpy()
        values = smoothing.forecast(steps, columns, self.horizon)
        values = values.reshape(len(origins), features, self.horizon).transpose(0, 2, 1)
        if log:
            values = np.exp(values)
        return np.where(np.isfinite(values), values, baselines.persistence(self.history(origins, 1), self.horizon))

    def _linear(self, weights: Array, origins: Tensor, *, log: bool) -> Array:
        units = Units.of(self.framing, self.framing.scaler_rows(origins), log=log)
        history = self.history(origins, self.framing.lookback)
        return units.decode(baselines.LinearMap(weights).forecast(units.encode(history)))

    @cached_property
    def _smoothings(self) -> dict[str, tuple[Smoothing, bool]]:
        """Smoothing by name, without a season and with the first two, of values and of their logarithms."""
        lengths = self.panel.offsets.diff()
        if self._longest > _MAX_SMOOTHED_STEPS:
            return {}
        steps, series = int(lengths.max()), len(lengths)
        features = len(self.panel.features)
        values = np.full((steps, series, features), np.nan)
        for number, (begin, end) in enumerate(Ranges(self.panel.offsets[:-1], self.panel.offsets[1:]).spans()):
            values[: end - begin, number] = numpy64(self.panel.values[begin:end])
        limits = (self._fit_ends - self.panel.offsets[:-1]).repeat_interleave(features).numpy()
        scaler = self.framing.codec.values
        tables = {"smoothing": (values, False)}
        if scaler.log:
            floor = numpy64(scaler.floor[self.framing.scaler_rows(self.panel.offsets[1:])])
            tables["log smoothing"] = (np.log(np.maximum(values, floor)), True)
        return {
            name if season == 1 else f"{name}, season of {season}": (
                Smoothing.fit(table.reshape(steps, -1), season, limits), log,
            )
            for name, (table, log) in tables.items()
            for season in (1, *self.seasons[:2])
        }  # fmt: skip

    def mean_change(self, origins: Tensor) -> Array:
        """The mean absolute change per step of the recent history, `(origins, features)`; 1 where nothing changes."""
        history = self.history(origins, _MEDIAN_STEPS[-1])
        change = np.abs(np.diff(history, axis=1))
        known = ~np.isnan(change)
        mean = np.where(known, change, 0.0).sum(1) / np.maximum(known.sum(1), 1)
        return np.asarray(np.where(mean > 0, mean, 1.0))

    def majority_value(self, origins: Tensor) -> Array:
        """The value of more than half of the recent steps, `(origins, features)`; NaN where there is none."""
        history = self.history(origins, _MEDIAN_STEPS[-1])
        value = baselines.recent_median(history, 1, _MEDIAN_STEPS[-1])
        known = (~np.isnan(history)).sum(1)
        return np.where(2 * (history == value).sum(1) > known, value[:, 0], np.nan)

    def level(self, origins: Tensor) -> Array:
        """The unit of errors, `(origins, features)`: the mean recent size on a logarithmic scale, otherwise 1."""
        scaler = self.framing.codec.values
        if not scaler.log:
            return np.ones((len(origins), len(self.panel.features)))
        size = np.abs(self.history(origins, _MEDIAN_STEPS[-1]))
        known = ~np.isnan(size)
        mean = np.where(known, size, 0.0).sum(1) / np.maximum(known.sum(1), 1)
        return np.asarray(np.maximum(mean, numpy64(scaler.floor[self.framing.scaler_rows(origins)])))

    def smoothed(self, origins: Tensor) -> Array:
        """Exponential smoothing, with the first season if there is one; persistence for very long series."""
        if not self._smoothings:
            return baselines.persistence(self.history(origins, 1), self.horizon)
        name = next(reversed([name for name, (_, log) in self._smoothings.items() if not log][:2]))
        return self._smoothed(self._smoothings[name][0], origins, log=False)

    def history(self, origins: Tensor, steps: int) -> Array:
        """The values before each origin, which may lie right after the end of its series."""
        return numpy64(self.panel.history(origins, steps, self.panel.series_index(origins - 1)))
