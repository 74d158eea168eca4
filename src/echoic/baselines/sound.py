"""What counting and linear prediction tell of the next sample of sound."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

Levels = NDArray[Any]
Numbers = NDArray[np.float64]

_BLOCK_SAMPLES = 1 << 20
"""Sound is looked at so many samples at a time."""

_FITTED_PIECES, _PIECE_SAMPLES = 64, 1 << 14
"""Linear prediction is fitted on pieces of the training sound that lie evenly in it; how it errs, on every eighth."""

_LEVELLED_SAMPLES = 256

_ORDERS = (2, 4, 8, 16, 32, 64, 128, 256)
_DECAYS = (0.7, 0.8, 0.9, 0.97, 0.99)
_SPREADS = (0.6, 0.8, 1.0, 1.3)
_COUNTED = 0.01
"""Weight of the plain frequencies in the mixture: no level is ever impossible."""


class Scale(NamedTuple):
    """The sound of each level `(levels,)` and where levels meet `(levels + 1,)`."""

    table: Numbers
    edges: Numbers


def counts(parts: Sequence[Levels], levels: int) -> NDArray[np.int64]:
    """How many samples have each level, `(levels,)`."""
    return sum((np.bincount(block, minlength=levels) for block in _blocks(parts)), np.zeros(levels, np.int64))


def frequencies(parts: Sequence[Levels], levels: int) -> Numbers:
    """How often each level comes, `(levels,)`, each counted once more than it was seen."""
    found = counts(parts, levels) + 1
    return np.asarray(found / found.sum())


def histogram_nats(train: Sequence[Levels], scored: Sequence[Levels], levels: int) -> float:
    """Nats a sample of each level by how often it came in training."""
    found = counts(scored, levels)
    return -float(found @ np.log(frequencies(train, levels)) / found.sum())


@final
@dataclass(frozen=True, eq=False)
class LinearPrediction:
    """The next sample as a weighted sum of those before it, with a Laplace distribution around it.

    Its spread follows the errors: an average of their sizes that forgets by `decay` a sample, times `spread`. All of
    it is fitted on training sound (autocorrelation method, soft stretches counting as much as loud ones, since the
    spread follows both; order, decay and spread by likelihood).
    """

    scale: Scale
    weights: Numbers
    decay: float
    spread: float
    chances: Numbers

    @classmethod
    def fit(cls, train: Sequence[Levels], scale: Scale) -> Self:
        """The best of a few orders, decays and spreads on training sound."""
        chances = frequencies(train, len(scale.table))
        some = _pieces(np.concatenate(train))
        sound = _levelled(scale.table[np.concatenate(some)])
        weights = {order: prediction_weights(sound, order) for order in _ORDERS}
        candidates = [
            cls(scale, weights[order], decay, spread, chances)
            for order, decay, spread in itertools.product(_ORDERS, _DECAYS, _SPREADS)
        ]
        return min(candidates, key=lambda model: model.nats(some[::8]))

    def nats(self, parts: Sequence[Levels]) -> float:
        """Nats a sample."""
        sums = [(nats.sum(), len(nats)) for nats in map(self._nats, _blocks(parts))]
        return float(sum(total for total, _ in sums) / sum(samples for _, samples in sums))

    def _nats(self, levels: Levels) -> Numbers:
        sound = self.scale.table[levels]
        mean = lfilter([0.0, *self.weights], [1.0], sound)
        sizes = np.abs(sound - mean)
        least = 1e-3 * sizes.mean() + 1e-12
        width = self.spread * lfilter([0.0, 1 - self.decay], [1.0, -self.decay], sizes) + least
        inside = _laplace((self.scale.edges[levels + 1] - mean) / width) - _laplace(
            (self.scale.edges[levels] - mean) / width
        )
        return -np.log((1 - _COUNTED) * inside + _COUNTED * self.chances[levels])


def _laplace(z: Numbers) -> Numbers:
    """The share of a Laplace distribution of width 1 that lies below `z`."""
    half = 0.5 * np.exp(-np.abs(z))
    return np.where(z < 0, half, 1 - half)


def prediction_weights(sound: Numbers, order: int) -> Numbers:
    """What the last `order` samples count in the prediction of the next, the latest first (autocorrelation method)."""
    correlation = np.array([sound[lag:] @ sound[: max(0, len(sound) - lag)] for lag in range(order + 1)])
    # The smallest of noise keeps the equations solvable.
    correlation[0] = correlation[0] * (1 + 1e-9) + 1e-12
    return np.asarray(solve_toeplitz(correlation[:order], correlation[1:]))


def _levelled(sound: Numbers) -> Numbers:
    """Sound whose short stretches are equally loud, but for what is nearly silent."""
    rows = sound[: max(1, len(sound) // _LEVELLED_SAMPLES) * _LEVELLED_SAMPLES]
    rows = rows.reshape(-1, min(_LEVELLED_SAMPLES, len(rows)))
    size = np.sqrt(np.square(rows).mean(1, keepdims=True))
    return np.asarray((rows / np.maximum(size, 1e-3 * size.mean() + 1e-12)).ravel())


def _pieces(levels: Levels) -> list[NDArray[np.int64]]:
    """Pieces that lie evenly in sound; all of it, if it is short."""
    if len(levels) <= _FITTED_PIECES * _PIECE_SAMPLES:
        return list(_blocks([levels]))
    begins = np.linspace(0, len(levels) - _PIECE_SAMPLES, _FITTED_PIECES).astype(int)
    return [levels[at : at + _PIECE_SAMPLES].astype(np.int64) for at in begins]


def _blocks(parts: Sequence[Levels]) -> Iterator[NDArray[np.int64]]:
    """All parts one after the other, in blocks: what bounds the memory."""
    for part in parts:
        for at in range(0, len(part), _BLOCK_SAMPLES):
            yield part[at : at + _BLOCK_SAMPLES].astype(np.int64)
