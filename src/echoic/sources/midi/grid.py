"""Conversion between notes and a grid of steps."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from echoic.config.grids import grid_step
from echoic.errors import DataError
from echoic.types.score import NUM_PITCHES, ONSET, SILENT, SUSTAIN, Note, Song
from echoic.types.score_time import seconds_at

MAX_STEPS = 200_000

Floats = NDArray[np.float64]

_EXACT = 1e-6


class Moves(NamedTuple):
    """Numbers of notes that begin elsewhere, and that have another length, on the grid.

    `farthest` and `most` are by how much at most, in quarter notes or seconds, the unit of the grid.
    """

    moved: int = 0
    farthest: float = 0.0
    resized: int = 0
    most: float = 0.0


class GridRoll(NamedTuple):
    """`roll` `(steps, 128)`: 0 silent, 1 onset, 2 sustained.

    `merged` notes share pitch and step with another; `overlapping` ones begin while their pitch sounds.
    """

    roll: NDArray[np.uint8]
    merged: int
    overlapping: int
    moves: Moves


def to_grid(song: Song, grid: str) -> GridRoll:
    """Quantizes the notes of a song, without drums, to a grid; each lasts at least one step.

    `grid` is a name of `grid_step`. Silence before the first note is kept, silence after the last is dropped.

    Raises:
        DataError: there are too many steps.
    """
    begins, ends, step = _times(song, grid)
    first = np.floor(begins / step + 0.5).astype(np.int64)
    last = np.maximum(np.floor(ends / step + 0.5).astype(np.int64), first + 1)
    steps = int(last.max(initial=0))
    if steps > MAX_STEPS:
        raise DataError(
            f"{song.origin} has {steps:,} steps of {grid}, more than {MAX_STEPS:,}; choose a coarser --grid."
        )
    roll = np.zeros((steps, NUM_PITCHES), np.uint8)
    merged = overlapping = 0
    pitches = [note.pitch for note in song.notes]
    for begin, end, pitch in sorted(zip(first.tolist(), last.tolist(), pitches, strict=True)):
        merged += int(roll[begin, pitch] == ONSET)
        overlapping += int(roll[begin, pitch] == SUSTAIN)
        roll[begin, pitch] = ONSET
        roll[begin + 1 : end, pitch] = SUSTAIN
    return GridRoll(
        roll, merged, overlapping, _moves(song, grid, begins - first * step, ends - begins - (last - first) * step)
    )


def edges_of(steps: int, step_beats: float) -> Floats:
    """Where each of `steps` equal steps begins, and the last one ends, `(steps + 1,)`, in beats."""
    return np.arange(steps + 1, dtype=np.float64) * step_beats


def to_notes(roll: NDArray[np.uint8], edges_beats: Floats) -> tuple[Note, ...]:
    """The notes of a roll, in order; a sustained note without an onset starts at its first step.

    `edges_beats` is where each step begins and the last one ends, `(steps + 1,)`.
    """
    before = np.concatenate([np.full_like(roll[:1], SILENT), roll[:-1]])
    begins = (roll == ONSET) | ((roll == SUSTAIN) & (before == SILENT))
    notes = []
    for pitch in np.flatnonzero(begins.any(0)).tolist():
        first = np.flatnonzero(begins[:, pitch])
        stops = np.append(np.flatnonzero(roll[:, pitch] != SUSTAIN), len(roll))
        last = stops[np.searchsorted(stops, first, "right")]
        onsets, ends = edges_beats[first], edges_beats[last]
        notes += [
            Note(*span) for span in zip(onsets.tolist(), [pitch] * len(first), (ends - onsets).tolist(), strict=True)
        ]
    return tuple(sorted(notes))


def _times(song: Song, grid: str) -> tuple[Floats, Floats, float]:
    """Begin and end of each note, and the length of a step, in quarter notes or seconds."""
    begins = np.array([note.onset_beats for note in song.notes])
    ends = begins + np.array([note.duration_beats for note in song.notes])
    beats, seconds = grid_step(grid)
    if beats is not None:
        return begins, ends, beats
    return seconds_at(song.tempos, begins), seconds_at(song.tempos, ends), seconds or 0.0


def _moves(song: Song, grid: str, shifts: Floats, stretches: Floats) -> Moves:
    """The notes that are moved by more than the file can tell apart."""
    tick = song.tick_beats
    if grid_step(grid).beats is None:
        tick *= 60 / min(tempo.bpm for tempo in song.tempos)
    shifts, stretches = np.abs(shifts), np.abs(stretches)
    moved, resized = shifts > tick + _EXACT, stretches > tick + _EXACT
    return Moves(
        int(moved.sum()),
        float(shifts[moved].max(initial=0.0)),
        int(resized.sum()),
        float(stretches[resized].max(initial=0.0)),
    )
