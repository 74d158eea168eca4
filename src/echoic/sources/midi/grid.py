"""Conversion between notes and a grid of steps."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from echoic.config.music import GRIDS
from echoic.errors import DataError
from echoic.types.score import NUM_PITCHES, ONSET, SILENT, SUSTAIN, Note, Song, beats_to_seconds

MAX_STEPS = 200_000


class GridRoll(NamedTuple):
    """`roll` `(steps, 128)`: 0 silent, 1 onset, 2 sustained; `merged` notes share pitch and step with another."""

    roll: NDArray[np.uint8]
    merged: int


def to_grid(song: Song, grid: str) -> GridRoll:
    """Quantizes the notes of a song, without drums, to a grid; each lasts at least one step.

    `grid` is a name of `GRIDS`, or a number of seconds. Silence before the first note is kept, silence after the last
    is dropped.

    Raises:
        DataError: there are too many steps.
    """
    spans = [(_step(song, grid, note.onset_beats), _step(song, grid, _end(note)), note.pitch) for note in song.notes]
    spans = [(begin, max(end, begin + 1), pitch) for begin, end, pitch in spans]
    steps = max((end for _, end, _ in spans), default=0)
    if steps > MAX_STEPS:
        raise DataError(
            f"{song.origin} has {steps:,} steps of {grid}, more than {MAX_STEPS:,}; choose a coarser --grid."
        )
    roll = np.zeros((steps, NUM_PITCHES), np.uint8)
    merged = 0
    for begin, end, pitch in sorted(spans):
        merged += int(roll[begin, pitch] == ONSET)
        roll[begin, pitch] = ONSET
        roll[begin + 1 : end, pitch] = SUSTAIN
    return GridRoll(roll, merged)


def to_notes(roll: NDArray[np.uint8], step_beats: float) -> tuple[Note, ...]:
    """The notes of a roll, in order; a sustained note without an onset starts at its first step."""
    before = np.concatenate([np.zeros_like(roll[:1]), roll[:-1]])
    notes = []
    for begin, pitch in np.argwhere((roll == ONSET) | ((roll == SUSTAIN) & (before == SILENT))).tolist():
        stops = np.flatnonzero(roll[begin + 1 :, pitch] != SUSTAIN)
        length = 1 + (int(stops[0]) if len(stops) else len(roll) - begin - 1)
        notes.append(Note(begin * step_beats, pitch, length * step_beats))
    return tuple(notes)


def _end(note: Note) -> float:
    return note.onset_beats + note.duration_beats


def _step(song: Song, grid: str, beats: float) -> int:
    place = beats / GRIDS[grid] if grid in GRIDS else beats_to_seconds(song, beats) / float(grid)
    return math.floor(place + 0.5)
