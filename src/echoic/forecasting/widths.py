"""Widths of intervals that follow how often values have lain outside.

Intervals are as wide as dev required. A network that dev judged in quiet times may err more later, so each value that
lies outside widens the following intervals of its series, and each one inside narrows them by less (adaptive conformal
inference, Gibbs and Candes 2021, with the logarithm of the width instead of the level).
"""

from typing import final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from echoic.forecasting.linear_maps import Array
from echoic.forecasting.target_errors import TargetBins

COVERAGE = 0.8
"""Of the intervals that are followed; those of other levels become wider or narrower by the same factor."""

_RATE = 0.1
"""Change of the logarithm of the width when all values lie outside, per coverage."""


@final
class Widths:
    """Factors of the widths of intervals.

    Args:
        bins: of the targets of past forecasts that calibration has not used.
        distances: how far from the median each value lay, in half-widths of its interval, `(origins, horizon,
            features)`; NaN where it is unknown.
    """

    def __init__(self, bins: TargetBins, distances: Array) -> None:
        self._bins = bins
        self._log_factors = _followed(bins, distances)

    def at(self, origins: Tensor) -> Array:
        """The factors of forecasts from the rows `origins` on, `(origins, 1, features)`; 1 where nothing is known."""
        index = self._bins.last_before(origins)
        found = np.ones((len(index), 1, self._log_factors.shape[1]))
        known = index >= 0
        found[known, 0] = np.exp(self._log_factors[index[known]])
        return found


def _followed(bins: TargetBins, distances: Array) -> Array:
    """The logarithm of the factor after each bin, `(bins, features)`; the n-th bins of all series in one pass."""
    own = bins.by_series()
    sizes = np.array([one.stop - one.start for one in own])
    series = np.repeat(np.arange(len(own)), sizes)
    number = np.arange(len(series)) - np.array([one.start for one in own])[series]
    horizon, features = distances.shape[1], distances.shape[-1]
    of_targets = bins.of_targets().ravel()
    flat, ahead = distances.reshape(-1, features), np.tile(1 / np.arange(1, horizon + 1), len(distances))
    logs, log = np.zeros((len(series), features)), np.zeros((len(own), features))
    for at, targets in zip(_by_number(number), _by_number(number[of_targets], int(sizes.max(initial=0))), strict=True):
        place = np.searchsorted(at, of_targets[targets])
        now = log[series[at]]
        logs[at] = log[series[at]] = now + _RATE * _excess(flat[targets], ahead[targets], place, now)
    return logs


def _by_number(numbers: NDArray[np.int64], count: int | None = None) -> list[NDArray[np.int64]]:
    """The places of 0, of 1 and so on in `numbers`; of as many as there are, or of `count`."""
    order = np.argsort(numbers, kind="stable")
    largest = (int(numbers.max(initial=-1)) + 1) if count is None else count
    return np.split(order, np.searchsorted(numbers[order], np.arange(1, largest))) if largest else []


def _excess(distances: Array, weights: Array, place: NDArray[np.int64], log: Array) -> Array:
    """By how much more of the values lie outside than should, `(places, features)`; 0 where none is known.

    `distances` `(values, features)` and their `weights` belong to the rows `place` of `log` `(places, features)`.
    """
    known = ~np.isnan(distances)
    weight = known * weights[:, None]
    total, outside = np.zeros_like(log), np.zeros_like(log)
    np.add.at(total, place, weight)
    np.add.at(outside, place, weight * (np.where(known, distances, 0.0) > np.exp(log)[place]))
    return np.where(total > 0, outside / np.where(total > 0, total, 1.0) - (1 - COVERAGE), 0.0)
