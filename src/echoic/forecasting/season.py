"""Finding the seasons of series."""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.types.frequency import DAY_US, Frequency
from echoic.windows import Panel, Ranges

MAX_LAG = 1000
"""Longest detectable season, in steps."""

_MIN_CORRELATION = 0.3
_MAX_SERIES = 50
"""Series whose seasons are looked for."""
_MIN_PROMINENCE = 0.1


def detect_season(values: NDArray[np.floating]) -> int | None:
    """Detects the season of a series `(steps,)`; None if it has none.

    The highest peak of the autocorrelation of the series without its straight-line trend, if it is at least 0.3
    and stands out by 0.1; of peaks within a tenth or the sampling error of the highest, the one with the shortest lag.
    At least three seasons must fit into the series.
    Missing values (NaN) count as the mean.
    """
    series = _detrended(np.asarray(values, np.float64), float(np.finfo(values.dtype).eps))
    max_lag = min(MAX_LAG, len(series) // 3)
    if max_lag < 2 or not np.any(series):
        return None
    correlation = _autocorrelation(series, max_lag + 1)
    lowest_before = np.minimum.accumulate(correlation)
    lags = np.arange(2, max_lag)
    peaks = [
        int(lag)
        for lag in lags
        if correlation[lag] > max(correlation[lag - 1], correlation[lag + 1], _MIN_CORRELATION)
        and correlation[lag] - lowest_before[lag] > _MIN_PROMINENCE
    ]
    if not peaks:
        return None
    best = max(correlation[lag] for lag in peaks)
    tolerance = max(0.1 * abs(best), 2 / np.sqrt(len(series)))
    first = next(lag for lag in peaks if correlation[lag] > best - tolerance)
    return _refined(first, correlation[:max_lag])


def calendar_seasons(frequency: Frequency) -> tuple[int, ...]:
    """Seasons in steps that the calendar suggests: a day and a week, a week, a quarter or a year; may be empty."""
    if frequency.months is not None:
        return (12 // frequency.months,) if 12 % frequency.months == 0 and frequency.months < 12 else ()
    if frequency.unit.startswith("semi_month"):
        return (24,)
    if frequency.unit == "business_day":
        return (5,) if frequency.count == 1 else ()
    if not frequency.is_clock:
        return ()
    periods = (DAY_US, 7 * DAY_US) if frequency.count <= 7 * DAY_US // 2 else (364 * DAY_US,)
    return tuple(
        one // frequency.count for one in periods if one % frequency.count == 0 and one // frequency.count >= 2
    )


def has_season(values: NDArray[np.floating], season: int) -> bool:
    """Whether the series `(steps,)` without its moving average over `season` correlates with itself a season before.

    The correlation must be at least 0.2 and twice its sampling error, over at least three seasons.
    """
    series = np.asarray(values, np.float64)
    known = ~np.isnan(series)
    if len(series) < 3 * season or not known.any():
        return False
    filled = np.where(known, series, series[known].mean())
    sums = np.cumsum(np.concatenate([[0.0], filled]))
    half = season // 2
    centred = filled[half : len(filled) - (season - half) + 1] - (sums[season:] - sums[:-season]) / season
    now, before = centred[season:] - centred[season:].mean(), centred[:-season] - centred[:-season].mean()
    size = float(np.sqrt((now @ now) * (before @ before)))
    return size > 0 and float(now @ before) / size > max(0.2, 2 / np.sqrt(len(now)))


def season_fractions(panel: Panel, train: Ranges, calendar: Sequence[int]) -> dict[int, float]:
    """The fraction of the columns of the train split that have each season, the most frequent first.

    Seasons of the `calendar` are tested with `has_season`; others are detected.
    """
    found: Counter[int] = Counter()
    columns = 0
    for begin, end in itertools.islice(train.spans(), _MAX_SERIES):
        for column in panel.values[begin:end].unbind(1):
            columns += 1
            values = column.numpy()
            of_calendar = {season for season in calendar if has_season(values, season)}
            found.update(of_calendar | {season for season in [detect_season(values)] if season})
    return {season: count / columns for season, count in found.most_common()}


def _refined(lag: int, correlation: NDArray[np.float64]) -> int:
    """The lag within 10 % of `lag` whose multiples correlate best, since noise shifts the top of a broad peak."""
    near = range(max(2, lag - lag // 10), min(lag + lag // 10, len(correlation) - 1) + 1)
    multiples = max(1, (len(correlation) - 1) // near[-1])
    return max(near, key=lambda one: correlation[one : one * multiples + 1 : one].mean())


def _detrended(series: NDArray[np.float64], rounding: float) -> NDArray[np.float64]:
    """The series without its straight line; zeros if only `rounding`, relative to the values, is left of it."""
    observed = ~np.isnan(series)
    if observed.sum() < 3:
        return np.zeros(0)
    steps = np.arange(len(series), dtype=np.float64)
    centred = series - series[observed].mean()
    slope, level = np.polyfit(steps[observed], centred[observed], 1)
    residual = np.where(observed, centred - (slope * steps + level), 0.0)
    # The fit of the line rounds as well.
    smallest = max(rounding, 100 * np.finfo(np.float64).eps) * np.abs(series[observed]).max()
    return np.where(np.abs(residual).max() > smallest, residual, 0.0)


def _autocorrelation(series: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Unbiased autocorrelation: each lag is divided by its number of pairs."""
    size = 2 ** int(np.ceil(np.log2(2 * len(series))))
    spectrum = np.fft.rfft(series, size)
    covariance = np.fft.irfft(spectrum * np.conj(spectrum), size)[:lags]
    return np.asarray(covariance / covariance[0] * len(series) / (len(series) - np.arange(lags)))
