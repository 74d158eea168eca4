"""Whether notes lie on a grid, and on which one if not: triplets on a grid of sixteenths, for example."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from echoic.config.grids import grid_step
from echoic.types.score import Song

GRIDS = ("1/4", "1/4T", "1/8", "1/8T", "1/16", "1/16T", "1/32", "1/48", "1/64", "1/96")
"""From coarse to fine."""

_FITTING, _MISSING = 0.97, 0.95
"""Fraction of the notes from which on a grid fits, and below which it does not."""

_NEAR_BEATS, _NEAR_STEPS = 0.02, 0.125
"""How near to a step a note is on the grid."""


class BetterGrid(NamedTuple):
    """A `grid` on which the fraction `fits` of the notes begin, where only `own` begin on the one that is used."""

    grid: str
    fits: float
    own: float


def better_grid(songs: Sequence[Song], grid: str) -> BetterGrid | None:
    """The coarsest grid that nearly all notes begin on; None if `grid` is one, is in seconds, or none is."""
    step = grid_step(grid).beats
    if step is None or not songs:
        return None
    onsets = np.concatenate([[note.onset_beats for note in song.notes] for song in songs])
    own = _fraction_on(onsets, step)
    if own >= _MISSING:
        return None
    fits = ((name, _fraction_on(onsets, grid_step(name).beats or 1.0)) for name in GRIDS)
    return next((BetterGrid(name, fraction, own) for name, fraction in fits if fraction >= _FITTING), None)


def _fraction_on(onsets: np.ndarray[tuple[int], np.dtype[np.float64]], step: float) -> float:
    distances = np.abs(onsets - np.floor(onsets / step + 0.5) * step)
    return float((distances <= min(_NEAR_BEATS, _NEAR_STEPS * step)).mean())
