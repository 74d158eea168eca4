"""Distances between sets of windows, in units of what two sets of real windows differ by."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_SHRINKAGE = 0.1
"""Share of the covariance that only its diagonal keeps: few windows say little of how features go together."""

_NUM_DRAWS = 20
_MIN_FLOOR = 1e-6


class Ratio(NamedTuple):
    """A distance, the same distance between real and real at the same number of windows, and one over the other."""

    distance: float
    floors: float

    @property
    def ratio(self) -> float:
        """The distance in units of the floor."""
        # Real sound that repeats itself exactly has no floor.
        return self.distance / max(self.floors, _MIN_FLOOR)


Distance = Callable[[Numbers, Numbers], float]


def frechet(one: Numbers, other: Numbers) -> float:
    """Frechet distance of two sets `(windows, features)` taken as normal (Heusel 2017; of sound: Kilgour 2019)."""
    mean_gap = one.mean(0) - other.mean(0)
    first, second = _covariance(one), _covariance(other)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    together = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(min=0)).sum()
    return float(mean_gap @ mean_gap + np.trace(first) + np.trace(second) - 2 * together)


def log_spectral(one: Numbers, other: Numbers) -> float:
    """Root mean square difference in dB between the mean spectra of two sets `(windows, bins)`, given in dB."""
    return float(np.sqrt(np.square(one.mean(0) - other.mean(0)).mean()))


def compare_to_real(distance: Distance, generated: Numbers, real: Numbers, seed: int = 0) -> Ratio:
    """The distance of `generated` from `real`, both `(windows, features)`, beside that of real from real.

    Distances of small sets come out too large, so all are of equally many windows: a random half of the real ones
    against as many made ones, and against the other half; the mean over 20 draws.
    """
    rng = np.random.default_rng(seed)
    half = min(len(real) // 2, len(generated))
    distances, floors = [], []
    for _ in range(_NUM_DRAWS):
        order = rng.permutation(len(real))
        reference, others = real[order[:half]], real[order[half : 2 * half]]
        distances.append(distance(generated[rng.permutation(len(generated))[:half]], reference))
        floors.append(distance(others, reference))
    return Ratio(float(np.mean(distances)), float(np.mean(floors)))


def _covariance(rows: Numbers) -> Numbers:
    distances = np.cov(rows, rowvar=False)
    return np.asarray((1 - _SHRINKAGE) * distances + _SHRINKAGE * np.diag(np.diag(distances)))
