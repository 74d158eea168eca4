"""Dynamic time warping, and its nearest neighbour as a classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BAND = 0.1
"""Steps that a match may be apart, as a fraction of the longer series (Sakoe and Chiba 1978)."""

MAX_CELLS = 1e8
"""Cells of all tables of distances, each counted once per value of a step; some five seconds."""

_SHORTEST = 40
"""Long series are averaged to no fewer steps than these."""

_BLOCK_VALUES = 1 << 22
"""Pairs whose tables are filled together, times the steps of the longest series."""


def warping_distances(queries: Sequence[Array], references: Sequence[Array], band: float = BAND) -> Array:
    """The squared distances `(queries, references)` of series `(steps, values)` after the best warping of time.

    Matched steps are at most `band` of the longer series apart, or as many as the two differ in length.
    """
    steps = max(len(one) for one in (*queries, *references))
    block = max(1, _BLOCK_VALUES // (steps * len(references)))
    rows = [
        _block_distances(queries[start : start + block], references, band) for start in range(0, len(queries), block)
    ]
    return np.concatenate(rows)


def _block_distances(queries: Sequence[Array], references: Sequence[Array], band: float) -> Array:
    """Fills the tables of all pairs at once, one diagonal (steps `i` and `k - i`) after the other."""
    (a, a_steps), (b, b_steps) = _padded(queries), _padded(references)
    longer = np.maximum(a_steps[:, None], b_steps)
    radius = np.maximum(np.ceil(band * longer), np.abs(a_steps[:, None] - b_steps)).astype(int)
    widest, is_even = int(radius.max()), bool((radius == radius.max()).all())
    last = a_steps[:, None] + b_steps - 2
    before, previous, current = (np.full((len(a) + 1, *radius.shape), np.inf) for _ in range(3))
    before[0] = 0.0  # the best sum before the first pair of steps
    found = np.empty(radius.shape)
    for k in range(int(last.max()) + 1):
        low = max(0, k - len(b) + 1, (k - widest + 1) // 2)
        high = min(k, len(a) - 1, (k + widest) // 2)
        # A row has one place more than there are steps: place i + 1 is step i.
        current[low], current[min(high + 2, len(a))] = np.inf, np.inf
        if low <= high:
            cost = _costs(a[low : high + 1], b[k - high : k - low + 1][::-1])
            if not is_even:
                apart = np.abs(2 * np.arange(low, high + 1) - k)
                cost[apart[:, None, None] > radius] = np.inf
            best = np.minimum(previous[low : high + 1], previous[low + 1 : high + 2])
            current[low + 1 : high + 2] = cost + np.minimum(best, before[low : high + 1])
        rows, columns = np.nonzero(last == k)
        found[rows, columns] = current[a_steps[rows], rows, columns]
        before, previous, current = previous, current, before
    return found


def _costs(a: Array, b: Array) -> Array:
    """Squared distances of steps `a` `(steps, queries, values)` and `b`, `(steps, queries, references)`."""
    total = np.zeros((len(a), a.shape[1], b.shape[1]))
    for value in range(a.shape[2]):
        total += np.square(a[:, :, None, value] - b[:, None, :, value])
    return total


def _padded(series: Sequence[Array]) -> tuple[Array, NDArray[np.int64]]:
    """All series as `(steps, series, values)`, and their lengths."""
    steps = np.array([len(one) for one in series])
    padded = np.zeros((int(steps.max()), len(series), series[0].shape[1]))
    for number, one in enumerate(series):
        padded[: len(one), number] = one
    return padded, steps


@final
@dataclass(frozen=True, eq=False)
class WarpingNeighbor:
    """1-nearest-neighbour with dynamic time warping.

    `stride` steps are averaged to one, and only some of the training series are `references`, where all distances would
    take too long.
    """

    references: tuple[Array, ...]
    labels: NDArray[np.int64]
    classes: int
    stride: int
    training: int
    """Number of training series, of which `references` are all or some."""

    @classmethod
    def fit(cls, series: Sequence[Array], labels: NDArray[np.int64], classes: int, queries: int) -> Self:
        """From training series `(steps, values)`, for a number of `queries`."""
        steps = float(np.mean([len(one) for one in series]))
        per_series = steps * max(2 * BAND * steps, 1.0) * series[0].shape[1] * queries
        stride = int(min(np.ceil((per_series * len(series) / MAX_CELLS) ** 0.5), max(1, steps // _SHORTEST)))
        count = max(classes, int(MAX_CELLS * stride**2 / per_series))
        kept = evenly_by_class(labels, count)
        references = tuple(averaged(series[number], stride) for number in kept)
        return cls(references, labels[kept], classes, stride, len(series))

    def predict_probs(self, series: Sequence[Array]) -> Array:
        """The inverse squared distance to the nearest reference of each class, scaled to a sum of one."""
        distances = warping_distances([averaged(one, self.stride) for one in series], self.references)
        nearest = np.full((len(series), self.classes), np.inf)
        for label in np.unique(self.labels):
            nearest[:, label] = distances[:, self.labels == label].min(1)
        weights = 1.0 / (nearest + 1e-9)
        return np.asarray(weights / weights.sum(1, keepdims=True))

    @property
    def limits(self) -> list[str]:
        """What was left out to save time, in words."""
        found = [f"{self.stride} steps averaged to one"] if self.stride > 1 else []
        if len(self.references) < self.training:
            found.append(f"{len(self.references):,} of {self.training:,} training clips")
        return found


def averaged(series: Array, stride: int) -> Array:
    """Means of `stride` successive steps of a series `(steps, values)`; the last of what is left."""
    if stride == 1:
        return series
    starts = np.arange(0, len(series), stride)
    counts = np.diff(np.append(starts, len(series)))
    return np.asarray(np.add.reduceat(series, starts, 0) / counts[:, None])


def evenly_by_class(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` of the numbers of `labels`, the first of each class, then the second, and so on."""
    if count >= len(labels):
        return np.arange(len(labels))
    rank = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        rank[own] = np.arange(len(own))
    return np.sort(np.argsort(rank, kind="stable")[:count])
