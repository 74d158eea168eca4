"""Baseline forecasts.

Each takes the history before the forecast, `(windows, steps, features)` with NaN where missing or before the start of
the series, and returns `(windows, horizon, features)`.
"""

from collections.abc import Callable, Iterable
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_RIDGE = 1e-3
"""Ridge penalty, as a fraction of the mean variance of the inputs."""

_MAX_FITS = 20
_SMALL_CHANGE = 1e-4
"""A linear map of targets with missing values is fitted again while it changes by more than this fraction."""


def persistence(history: Array, horizon: int) -> Array:
    """Repeats the last known value."""
    return np.repeat(_last_observed(history)[:, None], horizon, 1)


def seasonal_naive(history: Array, horizon: int, season: int) -> Array:
    """Repeats the values of the last season; persistence where one is missing."""
    if history.shape[1] < season:
        return persistence(history, horizon)
    season_before = history[:, -season:][:, np.arange(horizon) % season]
    return np.asarray(np.where(np.isnan(season_before), persistence(history, horizon), season_before))


def drift(history: Array, horizon: int) -> Array:
    """Extends the straight line through the first and the last known value."""
    observed = ~np.isnan(history)
    steps = history.shape[1]
    first_at = observed.argmax(1)
    last_at = steps - 1 - observed[:, ::-1].argmax(1)
    first = np.take_along_axis(np.nan_to_num(history), first_at[:, None], 1)[:, 0]
    last = _last_observed(history)
    slope = (last - first) / np.maximum(last_at - first_at, 1)
    steps_ahead = np.arange(1, horizon + 1)[None, :, None] + (steps - 1 - last_at)[:, None]
    return np.asarray(last[:, None] + slope[:, None] * steps_ahead)


def recent_line(history: Array, horizon: int) -> Array:
    """The least-squares line through the known values; persistence with fewer than two."""
    known = ~np.isnan(history)
    count = known.sum(1, keepdims=True)
    values = np.where(known, history, 0.0)
    steps = np.arange(-history.shape[1], 0.0)[None, :, None] * known
    mean_step, mean = (one.sum(1, keepdims=True) / np.maximum(count, 1) for one in (steps, values))
    centred = np.where(known, steps - mean_step, 0.0)
    spread = (centred**2).sum(1, keepdims=True)
    slope = np.divide((centred * values).sum(1, keepdims=True), spread, out=np.zeros_like(mean), where=spread > 0)
    line = mean + slope * (np.arange(horizon)[None, :, None] - mean_step)
    return np.asarray(np.where(count > 1, line, persistence(history, horizon)))


def seasonal_growth(history: Array, horizon: int, season: int) -> Array:
    """The seasonal naive forecast, scaled by the ratio of the last value to the value one season before it."""
    if history.shape[1] <= season:
        return persistence(history, horizon)
    before = history[:, -season - 1]
    ratio = np.divide(history[:, -1], before, out=np.ones_like(before), where=(before != 0) & ~np.isnan(before))
    return np.asarray(seasonal_naive(history, horizon, season) * np.nan_to_num(ratio, nan=1.0)[:, None])


def recent_median(history: Array, horizon: int, steps: int) -> Array:
    """The median of the known values among the last `steps`; persistence where there are none."""
    recent = history[:, -steps:]
    empty = np.asarray(np.isnan(recent).all(1))
    median = np.nanmedian(np.where(empty[:, None], 0.0, recent), 1)
    return np.repeat(np.where(empty, _last_observed(history), median)[:, None], horizon, 1)


def seasonal_mean(history: Array, horizon: int, season: int, seasons: int = 4) -> Array:
    """The mean of the values at the same phase of the last `seasons`; where all are missing, persistence."""
    steps = history.shape[1] // season * season
    if not steps:
        return persistence(history, horizon)
    phases = history[:, -steps:].reshape(len(history), -1, season, history.shape[2])[:, -seasons:]
    known = ~np.isnan(phases)
    mean = np.where(known, phases, 0.0).sum(1) / np.maximum(known.sum(1), 1)
    mean = np.where(known.any(1), mean, _last_observed(history)[:, None])
    return np.asarray(mean[:, np.arange(horizon) % season])


def naive2(history: Array, horizon: int, season: int) -> Array:
    """Persistence of the seasonally adjusted series (the M4 competition's Naive2), for each window and column.

    The adjustment is a classical multiplicative decomposition, applied only if the autocorrelation at the season is
    significant at the 90 % level and all values are positive.
    """
    out = np.empty((len(history), horizon, history.shape[2]))
    for window in range(len(history)):
        for column in range(history.shape[2]):
            out[window, :, column] = _naive2_with_gaps(history[window, :, column], horizon, season)
    return out


def _naive2_with_gaps(series: Array, horizon: int, season: int) -> Array:
    """Naive2 of one column; gaps are interpolated linearly. The forecast is 0 if there is no value at all."""
    observed = np.flatnonzero(~np.isnan(series))
    if not len(observed):
        return np.zeros(horizon)
    bridged = np.interp(np.arange(observed[0], observed[-1] + 1), observed, series[observed])
    num_missing_at_end = len(series) - 1 - observed[-1]
    return _naive2(bridged, num_missing_at_end + horizon, season)[num_missing_at_end:]


def _naive2(series: Array, horizon: int, season: int) -> Array:
    if season < 2 or not _is_seasonal(series, season) or series.min() <= 0:
        return np.full(horizon, series[-1])
    indices = _seasonal_indices(series, season)
    phase = np.arange(len(series), len(series) + horizon) % season
    return np.asarray(series[-1] / indices[(len(series) - 1) % season] * indices[phase])


def _is_seasonal(series: Array, season: int) -> bool:
    """The seasonality test of the M4 competition: autocorrelation at the season above 1.645 standard errors."""
    if len(series) < 3 * season:
        return False
    centred = series - series.mean()
    energy = float(centred @ centred)
    if energy == 0:
        return False
    correlation = np.array([centred[lag:] @ centred[:-lag] for lag in range(1, season + 1)]) / energy
    limit = 1.645 * np.sqrt((1 + 2 * (correlation[:-1] ** 2).sum()) / len(series))
    return bool(abs(correlation[-1]) > limit)


def _seasonal_indices(series: Array, season: int) -> Array:
    """Mean ratio to a centred moving average at each phase of the season, normalized to a mean of 1."""
    kernel = np.full(season, 1 / season)
    if season % 2 == 0:
        kernel = np.concatenate([[0.5 / season], np.full(season - 1, 1 / season), [0.5 / season]])
    trend = np.convolve(series, kernel, "valid")
    begin = (len(kernel) - 1) // 2
    ratio = series[begin : begin + len(trend)] / trend
    phase = np.arange(begin, begin + len(trend)) % season
    indices = np.array([ratio[phase == at].mean() for at in range(season)])
    return np.asarray(indices / indices.mean())


def _last_observed(history: Array) -> Array:
    observed = ~np.isnan(history)
    last_at = history.shape[1] - 1 - observed[:, ::-1].argmax(1)
    return np.asarray(np.take_along_axis(np.nan_to_num(history), last_at[:, None], 1)[:, 0])


@final
class LinearMap:
    """A linear map from the look-back to the horizon, relative to the last value (NLinear, Zeng 2023).

    Shared by all features and series; fitted in closed form as a ridge regression.
    """

    def __init__(self, weights: Array) -> None:
        self.weights = weights

    @classmethod
    def fit(cls, windows: Callable[[], Iterable[tuple[Array, Array]]], lookback: int, horizon: int) -> Self:
        """Fits to batches of look-backs `(windows, lookback, features)` and their targets, which `windows` gives anew.

        Missing values of look-backs are filled as in `forecast`. Each step of the horizon is fitted to the targets that
        are known for it: missing ones are replaced by the forecasts of the map, which is fitted again until it hardly
        changes (Healy and Westmacott 1956). So a series with a gap in every window has a linear map, too.
        """
        products, weights = np.zeros((lookback + 1, lookback + 1)), np.zeros((lookback + 1, horizon))
        for number in range(_MAX_FITS):
            responses, any_missing = np.zeros((lookback + 1, horizon)), False
            for inputs, targets in windows():
                design, y = _least_squares_rows(inputs, targets)
                missing = np.isnan(y)
                if missing.any():
                    any_missing = True
                    y = np.where(missing, design @ weights, y)
                if number == 0:
                    products += design.T @ design
                responses += design.T @ y
            ridge = _RIDGE * np.trace(products[:-1, :-1]) / max(lookback, 1) * np.eye(lookback + 1)
            ridge[-1, -1] = 1e-9
            before, weights = weights, np.linalg.solve(products + ridge + 1e-9 * np.eye(lookback + 1), responses)
            if not any_missing or np.linalg.norm(weights - before) <= _SMALL_CHANGE * np.linalg.norm(weights):
                break
        return cls(weights)

    def forecast(self, lookback: Array) -> Array:
        """Forecasts from look-backs `(windows, lookback, features)`; missing values repeat the one before them.

        Those before the first known value repeat it.
        """
        design, last = _design(_rows(lookback))
        y = design @ self.weights + last
        return y.reshape(len(lookback), lookback.shape[2], -1).transpose(0, 2, 1)


def _least_squares_rows(inputs: Array, targets: Array) -> tuple[Array, Array]:
    """The design and the differences from the last value of all windows in which both have a known value."""
    x, y = _rows(inputs), _rows(targets)
    used = ~(np.isnan(x).all(1) | np.isnan(y).all(1))
    design, last = _design(x[used])
    return design, y[used] - last


def _design(x: Array) -> tuple[Array, Array]:
    """Differences of look-backs `(rows, lookback)` from the last value, and ones; and that value, `(rows, 1)`."""
    filled = _filled(x)
    last = filled[:, -1:]
    return np.concatenate([filled - last, np.ones((len(x), 1))], 1), last


def _filled(x: Array) -> Array:
    """`(rows, lookback)` with each missing value as the one before it, or as the first known one; 0 without any."""
    known = ~np.isnan(x)
    if known.all():
        return x
    newest = np.maximum.accumulate(np.where(known, np.arange(x.shape[1]), -1), 1)
    at = np.where(newest >= 0, newest, known.argmax(1)[:, None])
    return np.take_along_axis(np.nan_to_num(x), at, 1)


def _rows(windows: Array) -> Array:
    """Reshapes `(windows, steps, features)` to `(windows * features, steps)`."""
    return windows.transpose(0, 2, 1).reshape(-1, windows.shape[1])
