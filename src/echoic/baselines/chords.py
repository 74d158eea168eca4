"""Baselines for chords, which predict every pitch independently."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

States = NDArray[Any]
"""A song `(steps, pitches)`: each pitch is silent (0) or sounding (1) or, if onsets are modelled, starting (2)."""

Floats = NDArray[np.float64]

SMOOTHING = 0.5
"""Pseudocount of each state (Krichevsky and Trofimov 1981): every state has a non-zero probability."""


@final
@dataclass(frozen=True, eq=False)
class Marginal:
    """Predicts the training frequencies of each pitch's states: `probs` `(states, pitches)`."""

    probs: Floats

    @classmethod
    def fit(cls, songs: Sequence[States], states: int = 2) -> Self:
        """Counts the states in all steps of `songs`."""
        return cls(_smooth(sum(_counts(song, states) for song in songs)))

    def predict_probs(self, song: States) -> Floats:
        """Probabilities of the states at all steps but the first, `(steps - 1, states, pitches)`."""
        return np.broadcast_to(self.probs, (len(song) - 1, *self.probs.shape))


@final
@dataclass(frozen=True, eq=False)
class Markov:
    """A first-order Markov chain per pitch: `probs` `(previous states, states, pitches)`."""

    probs: Floats

    @classmethod
    def fit(cls, songs: Sequence[States], states: int = 2) -> Self:
        """Counts all transitions in `songs`."""
        found = [
            sum(_counts(np.where(song[:-1] == before, song[1:], states), states) for song in songs)
            for before in range(states)
        ]
        return cls(np.stack([_smooth(counts) for counts in found]))

    def predict_probs(self, song: States) -> Floats:
        """Probabilities of the states at all steps but the first, `(steps - 1, states, pitches)`."""
        pitches = np.arange(song.shape[1])
        return np.asarray(self.probs[song[:-1], :, pitches].swapaxes(1, 2))


def nll_per_step(model: Marginal | Markov, songs: Sequence[States]) -> float:
    """Mean negative log-likelihood per step, in nats: summed over pitches, without the first step of each song."""
    total, steps = 0.0, 0
    for song in songs:
        probs = np.take_along_axis(model.predict_probs(song), song[1:, None].astype(np.int64), 1)
        total -= np.log(probs).sum()
        steps += len(probs)
    return float(total / steps)


def _counts(song: States, states: int) -> NDArray[np.int64]:
    """Number of steps of each pitch in each state, `(states, pitches)`."""
    return np.stack([(song == state).sum(0) for state in range(states)])


def _smooth(counts: Any) -> Floats:
    return np.asarray((counts + SMOOTHING) / (counts.sum(0) + len(counts) * SMOOTHING), np.float64)
