"""Season detection."""

import numpy as np
from numpy.typing import NDArray

MAX_LAG = 1000
"""Longest detectable season, in steps."""

_MIN_CORRELATION = 0.3
_MIN_PROMINENCE = 0.1


def detect_season(values: NDArray[np.floating]) -> int | None:
    """Detects the season of a series `(steps,)`; None if it has none.

    The season is the lag of the highest peak of the autocorrelation of the linearly detrended series, if the peak is
    at least 0.3 high and has a prominence of 0.1; of peaks nearly as high, the shortest lag. The series must span at
    least three seasons. Missing values (NaN) are replaced by the trend.
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
    first = next(lag for lag in peaks if correlation[lag] > best - 0.1 * abs(best))
    return _refined(first, correlation[:max_lag])


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
