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
    """The logarithm of the factor after each bin, `(bins, features)`."""
    logs = np.zeros((sum(own.stop - own.start for own in bins.by_series()), distances.shape[-1]))
    members = _members(bins.of_targets(), len(logs))
    horizon = distances.shape[1]
    weights = 1 / np.arange(1, horizon + 1)
    flat, ahead = distances.reshape(-1, distances.shape[-1]), np.tile(weights, len(distances))
    for own in bins.by_series():
        log = np.zeros(logs.shape[1])
        for number in range(own.start, own.stop):
            log = log + _RATE * _excess(flat[members[number]], ahead[members[number]], log)
            logs[number] = log
    return logs


def _members(bin_of_targets: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """The targets of each bin, as indices of the flattened array."""
    flat = bin_of_targets.ravel()
    order = np.argsort(flat, kind="stable")
    return np.split(order, np.searchsorted(flat[order], np.arange(1, count)))


def _excess(distances: Array, weights: Array, log: Array) -> Array:
    """By how much more of the values lie outside than should, for each feature; 0 where none is known."""
    known = ~np.isnan(distances)
    weight = known * weights[:, None]
    total = weight.sum(0)
    outside = (weight * (np.where(known, distances, 0.0) > np.exp(log))).sum(0)
    return np.where(total > 0, outside / np.where(total > 0, total, 1.0) - (1 - COVERAGE), 0.0)
