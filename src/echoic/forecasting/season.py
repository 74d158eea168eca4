"""Finding the seasons of series."""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.types.timebase import Frequency
from echoic.windows import Panel, Ranges

MAX_LAG = 1000
"""Longest detectable season, in steps."""

_MIN_CORRELATION = 0.3
_DAY_US = 86_400_000_000
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
    series = _detrended(np.asarray(values, np.float64))
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
    if frequency.unit == "month":
        return (12 // frequency.count,) if 12 % frequency.count == 0 and frequency.count < 12 else ()
    if frequency.unit == "business_day":
        return (5,) if frequency.count == 1 else ()
    if frequency.unit != "us":
        return ()
    periods = (_DAY_US, 7 * _DAY_US) if frequency.count <= 7 * _DAY_US // 2 else (364 * _DAY_US,)
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


def _detrended(series: NDArray[np.float64]) -> NDArray[np.float64]:
    observed = ~np.isnan(series)
    if observed.sum() < 3:
        return np.zeros(0)
    steps = np.arange(len(series), dtype=np.float64)
    slope, level = np.polyfit(steps[observed], series[observed], 1)
    residual = np.where(observed, series - (slope * steps + level), 0.0)
    # The residual of a straight line is only the rounding of its float32 values.
    rounding = np.finfo(np.float32).eps * np.abs(series[observed]).max()
    return np.where(np.abs(residual).max() > rounding, residual, 0.0)


def _autocorrelation(series: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """Unbiased autocorrelation: each lag is divided by its number of pairs."""
    size = 2 ** int(np.ceil(np.log2(2 * len(series))))
    spectrum = np.fft.rfft(series, size)
    covariance = np.fft.irfft(spectrum * np.conj(spectrum), size)[:lags]
    return np.asarray(covariance / covariance[0] * len(series) / (len(series) - np.arange(lags)))
