"""Exponential smoothing with a damped trend and an additive season, for many columns and all origins in one pass."""

import itertools
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEVEL_RATES = (0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
_TRENDS = ((0.0, 0.0), (0.01, 1.0), (0.05, 0.9), (0.05, 0.98), (0.2, 0.9), (0.2, 0.98))
"""Rate of the slope, relative to that of the level, and its damping per step (0: no slope)."""
_SEASON_RATES = (0.1, 0.3)
_FIRST_SEASONS = 2
_FIRST_STEPS = 8

_MAX_VALUES = 20_000
"""Values of one step, at all rates, that are smoothed at once: they must fit into the cache of the processor."""


@final
@dataclass(frozen=True, eq=False)
class Smoothing:
    """Level, slope and seasonal component of each column after each step, `(steps, columns)`, and damping `(columns,)`.

    Holt and Winters' method with a damped trend (Gardner and McKenzie 1985) in error-correction form. The rates are
    those of a grid with the smallest mean absolute one-step error over `fit_steps`.
    """

    level: Array
    slope: Array
    seasonal: Array
    damping: Array
    season: int

    @classmethod
    def fit(cls, values: Array, season: int, fit_steps: NDArray[np.int64]) -> Self:
        """Smooths `values` `(steps, columns)`, NaN where missing; `season` 1 is none.

        The errors up to `fit_steps` `(columns,)` choose the rates, without the steps behind the first state.
        """
        rates = np.array([
            (level, slope, damping, rate)
            for level, (slope, damping), rate in itertools.product(
                _LEVEL_RATES, _TRENDS, (0.0, *(_SEASON_RATES if season > 1 else ()))
            )
        ])  # fmt: skip
        known = np.where(np.arange(len(values))[:, None] < fit_steps, values, np.nan)[: fit_steps.max()]
        size = max(1, _MAX_VALUES // len(rates))
        best = [_best(known[:, at : at + size], rates, season) for at in range(0, values.shape[1], size)]
        chosen = rates[np.concatenate(best)]
        _, states = _filter(values, chosen.T[None], season, keep=True)
        level, slope, seasonal = (one[:, 0] for one in states)
        return cls(level, slope, seasonal, chosen[:, 2], season)

    def forecast(self, steps: NDArray[np.int64], columns: NDArray[np.int64], horizon: int) -> Array:
        """Forecasts `(origins, horizon)` of `columns` after the first `steps` steps (both `(origins,)`).

        NaN where the `steps` are fewer than those that the first state is made from.
        """
        ahead = np.arange(1, horizon + 1)
        damping = self.damping[columns][:, None]
        damped = np.cumsum(damping**ahead, 1)
        last = steps - 1
        trend = self.level[last, columns][:, None] + self.slope[last, columns][:, None] * damped
        # The newest estimate of each step's phase.
        phase = last[:, None] + ahead - self.season * (-(-ahead // self.season))
        known = phase >= 0
        forecast = trend + np.where(known, self.seasonal[phase.clip(min=0), columns[:, None]], 0.0)
        return np.where((steps >= _first_steps(self.season))[:, None], forecast, np.nan)


def _best(values: Array, rates: Array, season: int) -> NDArray[np.int64]:
    """The number of the best of `rates` for each column, `(columns,)`."""
    errors, _ = _filter(values, rates[:, :, None], season, keep=False)
    return np.asarray(errors.argmin(0))


def _filter(values: Array, rates: Array, season: int, *, keep: bool) -> tuple[Array, tuple[Array, Array, Array]]:
    """Mean absolute one-step errors `(kinds, columns)`, and the states `(steps, kinds, columns)` if `keep`.

    `rates` `(kinds, 4, columns)` are those of each kind and column; the last size may be 1.
    """
    steps, columns = values.shape
    level_rate, slope_rate, damping, season_rate = np.moveaxis(rates, 1, 0)
    slope_factor, season_factor = level_rate * slope_rate, season_rate * (1 - level_rate)
    level, slope = _first_state(values, season, damping > 0)
    phases = _first_phases(values, season)[:, None] * (season_rate > 0)
    shape = (len(rates), columns)
    error, change, total = np.empty(shape), np.empty(shape), np.zeros(shape)
    kept = (steps if keep else 0, *shape)
    levels, slopes, seasonals = np.empty(kept), np.empty(kept), np.empty(kept)
    warm = _first_steps(season)
    missing = np.isnan(values)
    incomplete = set(np.flatnonzero(missing.any(1)).tolist())
    # In place: for very many columns, the time goes into moving memory.
    for step in range(steps):
        phase = phases[step % season]
        slope *= damping
        level += slope
        np.add(level, phase, out=error)
        np.subtract(values[step], error, out=error)
        if step in incomplete:
            error[:, missing[step]] = 0.0
        level += np.multiply(level_rate, error, out=change)
        slope += np.multiply(slope_factor, error, out=change)
        if season > 1:
            phase += np.multiply(season_factor, error, out=change)
        if step >= warm:
            total += np.abs(error, out=error)
        if keep:
            levels[step], slopes[step], seasonals[step] = level, slope, phase
    return total / np.maximum((~missing[warm:]).sum(0), 1), (levels, slopes, seasonals)


def _first_steps(season: int) -> int:
    """Steps behind the first level and seasonal components."""
    return _FIRST_STEPS if season == 1 else _FIRST_SEASONS * season


def _first_state(values: Array, season: int, with_slope: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Level and slope before step 0, `(kinds, columns)`; `with_slope` `(kinds, columns)`, or one for all columns.

    The slope is the mean change per step from the first season to the second (from four steps to the next four without
    one), the level the mean of the first, moved back along the slope.
    """
    half = season if season > 1 else _FIRST_STEPS // 2
    first, second = values[:half], values[half : 2 * half]
    mean = np.where((~np.isnan(first)).any(0), _mean(first), _mean(values))
    known = with_slope & (~np.isnan(first)).any(0) & (~np.isnan(second)).any(0)
    slope = np.where(known, (_mean(second) - mean) / half, 0.0)
    return mean - slope * (half + 1) / 2, slope


def _first_phases(values: Array, season: int) -> Array:
    """Seasonal components `(season, columns)` from the first two seasons, each relative to its own mean."""
    seasons = min(len(values) // season, _FIRST_SEASONS)
    if season < 2 or seasons < 1:
        return np.zeros((season, values.shape[1]))
    begin = values[: seasons * season].reshape(seasons, season, -1)
    centred = begin - _mean(begin.swapaxes(0, 1))[:, None]
    return _mean(centred)


def _mean(values: Array) -> Array:
    """The mean over the first axis without missing values; 0 where there are none."""
    count = (~np.isnan(values)).sum(0)
    return np.asarray(np.nansum(values, 0) / np.maximum(count, 1))
