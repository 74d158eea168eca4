"""Chords foretold pitch by pitch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

Rolls = Sequence[NDArray[Any]]
"""Songs, each `(steps, pitches)` of 0 and 1."""

Floats = NDArray[np.float64]

SMOOTHING = 0.5
"""Added to the counts of on and of off (Krichevsky and Trofimov 1981): nothing is ever impossible."""


@final
@dataclass(frozen=True, eq=False)
class Marginal:
    """Each pitch sounds as often as in training, whatever came before: `chance` `(pitches,)`."""

    chance: Floats

    @classmethod
    def fit(cls, songs: Rolls) -> Self:
        """Counts all steps of `songs`."""
        rolls = np.concatenate(songs)
        return cls(_smoothed(rolls.sum(0), len(rolls)))

    def chances(self, song: NDArray[Any]) -> Floats:
        """The chance of each pitch at steps 2 to the last `(steps - 1, pitches)`."""
        return np.broadcast_to(self.chance, (len(song) - 1, len(self.chance)))


@final
@dataclass(frozen=True, eq=False)
class Markov:
    """Each pitch sounds by whether it sounded a step before: `chance` `(2, pitches)`, after off and after on."""

    chance: Floats

    @classmethod
    def fit(cls, songs: Rolls) -> Self:
        """Counts all pairs of steps of `songs`."""
        before = np.concatenate([song[:-1] for song in songs])
        after = np.concatenate([song[1:] for song in songs])
        rows = [_smoothed(((before == state) & (after == 1)).sum(0), (before == state).sum(0)) for state in (0, 1)]
        return cls(np.stack(rows))

    def chances(self, song: NDArray[Any]) -> Floats:
        """The chance of each pitch at steps 2 to the last `(steps - 1, pitches)`."""
        return np.asarray(np.where(song[:-1] == 1, self.chance[1], self.chance[0]))


def nll_per_step(model: Marginal | Markov, songs: Rolls) -> float:
    """Nats over all pitches, on and off, as a mean over all steps but the first of each song."""
    total, steps = 0.0, 0
    for song in songs:
        chance = model.chances(song)
        total -= np.log(np.where(song[1:] == 1, chance, 1 - chance)).sum()
        steps += len(chance)
    return float(total / steps)


def _smoothed(on: Any, of: Any) -> Floats:
    return np.asarray((on + SMOOTHING) / (of + 2 * SMOOTHING), np.float64)
