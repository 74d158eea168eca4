"""Baselines for the next audio sample: code frequencies and linear prediction."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
import scipy  # loads `scipy.signal` lazily, which is slow to import
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz

from echoic.types import stored

Codes = NDArray[Any]
Floats = NDArray[np.float64]

_BLOCK_SAMPLES = 1 << 20
"""Block size in samples; bounds the memory."""

_FITTED_EXCERPTS, _EXCERPT_SAMPLES = 64, 1 << 14
"""Linear prediction is fitted on evenly spaced excerpts of the training sound, and selected on every eighth."""

_EQUALIZED_SAMPLES = 256

_ORDERS = (2, 4, 8, 16, 32, 64, 128, 256)
_DECAYS = (0.7, 0.8, 0.9, 0.97, 0.99)
_SPREADS = (0.6, 0.8, 1.0, 1.3)
_HISTOGRAM_WEIGHT = 0.01
"""Weight of the code frequencies in the mixture, which gives every code a non-zero probability."""


class Scale(NamedTuple):
    """Amplitude of each code `(codes,)`, and the boundaries between codes `(codes + 1,)`."""

    table: Floats
    edges: Floats


def code_counts(signals: Sequence[Codes], codes: int) -> NDArray[np.int64]:
    """Number of samples of each code, `(codes,)`."""
    return sum((np.bincount(block, minlength=codes) for block in _blocks(signals)), np.zeros(codes, np.int64))


def code_frequencies(signals: Sequence[Codes], codes: int) -> Floats:
    """Relative frequency of each code `(codes,)`, with add-one smoothing."""
    found = code_counts(signals, codes) + 1
    return np.asarray(found / found.sum())


def histogram_nats(frequencies: Floats, scored: Sequence[Codes]) -> float:
    """Cross-entropy in nats per sample of the code frequencies `(codes,)` in training."""
    found = code_counts(scored, len(frequencies))
    return -float(found @ np.log(frequencies) / found.sum())


@final
@dataclass(frozen=True, eq=False)
class LinearPrediction:
    """Linear prediction of the next sample, with a Laplace distribution around it.

    The width of the distribution is `spread` times the exponential moving average of the absolute errors, which decays
    by `decay` per sample. Weights are fitted by the autocorrelation method on sound normalized to equal loudness,
    because the width adapts to loudness; order, decay and spread by likelihood.
    """

    scale: Scale
    weights: Floats
    decay: float
    spread: float
    histogram: Floats

    @classmethod
    def fit(cls, train: Sequence[Codes], scale: Scale) -> Self:
        """Fits to training sound; searches a grid of orders, decays and spreads."""
        histogram = code_frequencies(train, len(scale.table))
        excerpts = _excerpts(np.concatenate(train))
        sound = _equalized(scale.table[np.concatenate(excerpts)])
        weights = {order: prediction_weights(sound, order) for order in _ORDERS}
        candidates = [
            cls(scale, weights[order], decay, spread, histogram)
            for order, decay, spread in itertools.product(_ORDERS, _DECAYS, _SPREADS)
        ]
        return min(candidates, key=lambda model: model.nats(excerpts[::8]))

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values, without the scale."""
        arrays = {"weights": self.weights.tolist(), "histogram": self.histogram.tolist()}
        return arrays | {"decay": self.decay, "spread": self.spread}

    @classmethod
    def from_json(cls, state: Mapping[str, Any], scale: Scale) -> Self:
        """The inverse of `to_json`."""
        weights, histogram = stored.array(state, "weights", None), stored.array(state, "histogram", len(scale.table))
        decay, spread = stored.number(state, "decay", 0, 1), stored.number(state, "spread", 1e-9, 1e9)
        return cls(scale, weights, decay, spread, histogram)

    def nats(self, signals: Sequence[Codes]) -> float:
        """Cross-entropy in nats per sample."""
        sums = [(nats.sum(), len(nats)) for nats in map(self._nats, _blocks(signals))]
        return float(sum(total for total, _ in sums) / sum(samples for _, samples in sums))

    def _nats(self, codes: Codes) -> Floats:
        sound = self.scale.table[codes]
        mean = scipy.signal.lfilter([0.0, *self.weights], [1.0], sound)
        sizes = np.abs(sound - mean)
        min_width = 1e-3 * sizes.mean() + 1e-12
        width = self.spread * scipy.signal.lfilter([0.0, 1 - self.decay], [1.0, -self.decay], sizes) + min_width
        inside = _laplace((self.scale.edges[codes + 1] - mean) / width) - _laplace(
            (self.scale.edges[codes] - mean) / width
        )
        return -np.log((1 - _HISTOGRAM_WEIGHT) * inside + _HISTOGRAM_WEIGHT * self.histogram[codes])


def _laplace(z: Floats) -> Floats:
    """Cumulative distribution function of the Laplace distribution with scale 1."""
    half = 0.5 * np.exp(-np.abs(z))
    return np.where(z < 0, half, 1 - half)


def prediction_weights(sound: Floats, order: int) -> Floats:
    """Weights of the last `order` samples in the prediction of the next, latest first (autocorrelation method)."""
    correlation = np.array([sound[lag:] @ sound[: max(0, len(sound) - lag)] for lag in range(order + 1)])
    # A little noise keeps the equations solvable.
    correlation[0] = correlation[0] * (1 + 1e-9) + 1e-12
    return np.asarray(solve_toeplitz(correlation[:order], correlation[1:]))


def _equalized(sound: Floats) -> Floats:
    """Sound normalized to equal loudness in short blocks, except nearly silent ones."""
    rows = sound[: max(1, len(sound) // _EQUALIZED_SAMPLES) * _EQUALIZED_SAMPLES]
    rows = rows.reshape(-1, min(_EQUALIZED_SAMPLES, len(rows)))
    size = np.sqrt(np.square(rows).mean(1, keepdims=True))
    return np.asarray((rows / np.maximum(size, 1e-3 * size.mean() + 1e-12)).ravel())


def _excerpts(codes: Codes) -> list[NDArray[np.int64]]:
    """Evenly spaced excerpts, or all of the sound if it is short."""
    if len(codes) <= _FITTED_EXCERPTS * _EXCERPT_SAMPLES:
        return list(_blocks([codes]))
    begins = np.linspace(0, len(codes) - _EXCERPT_SAMPLES, _FITTED_EXCERPTS).astype(int)
    return [codes[at : at + _EXCERPT_SAMPLES].astype(np.int64) for at in begins]


def _blocks(signals: Sequence[Codes]) -> Iterator[NDArray[np.int64]]:
    """All signals in sequence, in blocks that bound the memory."""
    for signal in signals:
        for at in range(0, len(signal), _BLOCK_SAMPLES):
            yield signal[at : at + _BLOCK_SAMPLES].astype(np.int64)
