"""Distances between sets of windows, relative to the distance between two sets of real windows."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_SHRINKAGE = 0.1
"""Shrinkage of the covariance towards its diagonal; few windows estimate correlations poorly."""

_NUM_DRAWS = 20
_MIN_FLOOR = 1e-6


class Ratio(NamedTuple):
    """A distance, and its noise floor: the distance between two sets of real windows of the same size."""

    distance: float
    floor: float

    @property
    def ratio(self) -> float:
        """The distance in units of the floor."""
        # The floor of real sound that repeats exactly is 0.
        return self.distance / max(self.floor, _MIN_FLOOR)


Distance = Callable[[Numbers, Numbers], float]


def frechet(one: Numbers, other: Numbers) -> float:
    """Fréchet distance of two sets `(windows, features)` as Gaussians (Heusel 2017; for audio: Kilgour 2019)."""
    mean_gap = one.mean(0) - other.mean(0)
    first, second = _covariance(one), _covariance(other)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    together = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(min=0)).sum()
    return float(mean_gap @ mean_gap + np.trace(first) + np.trace(second) - 2 * together)


def log_spectral(one: Numbers, other: Numbers) -> float:
    """Root mean square difference between the mean spectra of two sets `(windows, bins)`, both in dB."""
    return float(np.sqrt(np.square(one.mean(0) - other.mean(0)).mean()))


def compare_to_real(distance: Distance, generated: Numbers, real: Numbers, seed: int = 0) -> Ratio:
    """The distance of `generated` from `real`, both `(windows, features)`, and that of real from real.

    Distances of small sets are biased upwards, so all sets have the same size: a random half of the real windows is
    compared with as many generated ones and with the other half. The result is the mean over 20 draws.
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
