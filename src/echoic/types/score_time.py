"""Changes of tempo, meter and key over a piece: the one in force, a part of them, and beats as seconds and back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from echoic.types.score import Key, Meter, Tempo

Change = TypeVar("Change", Tempo, Meter, Key)
Floats = NDArray[np.float64]

_CLOSE_BEATS = 1e-6


def in_force(changes: Sequence[Change], beats: float) -> Change:
    """The last change at `beats` or before, or the first of all."""
    return next((one for one in reversed(changes) if one.at_beats <= beats + _CLOSE_BEATS), changes[0])


def from_then_on(changes: Sequence[Change], beats: float) -> tuple[Change, ...]:
    """The changes of what begins at `beats`: the one in force there, at 0, and those after it."""
    if not changes:
        return ()
    shifted = [replace(in_force(changes, beats), at_beats=0.0)]
    for one in changes:
        if one.at_beats > beats + _CLOSE_BEATS:
            shifted.append(replace(one, at_beats=one.at_beats - beats))  # noqa: PERF401 (mypy loses the type)
    return tuple(shifted)


def before(changes: Sequence[Change], beats: float) -> tuple[Change, ...]:
    """The changes of what ends at `beats`."""
    return tuple(one for one in changes if one.at_beats < beats - _CLOSE_BEATS)


def bar_beats(meter: Meter) -> float:
    """The length of a bar."""
    return meter.numerator * 4 / meter.denominator


def first_bar_end(meters: Sequence[Meter]) -> float:
    """The end of the first bar, in beats; if that is shorter than the second, a pick-up, the end of the second."""
    length = bar_beats(meters[0])
    if len(meters) > 1 and meters[1].at_beats <= length + _CLOSE_BEATS and bar_beats(meters[1]) > meters[1].at_beats:
        return meters[1].at_beats + bar_beats(meters[1])
    return length


def seconds_at(tempos: Sequence[Tempo], beats: Floats) -> Floats:
    """The times of positions in beats, in seconds from the start, with all tempo changes before them."""
    marks_beats, marks_s, beat_s = _marks(tempos)
    spans = np.searchsorted(marks_beats, beats, "right").clip(1) - 1
    return np.asarray(marks_s[spans] + (beats - marks_beats[spans]) * beat_s[spans])


def beats_at(tempos: Sequence[Tempo], seconds: Floats) -> Floats:
    """The inverse of `seconds_at`."""
    marks_beats, marks_s, beat_s = _marks(tempos)
    spans = np.searchsorted(marks_s, seconds, "right").clip(1) - 1
    return np.asarray(marks_beats[spans] + (seconds - marks_s[spans]) / beat_s[spans])


def _marks(tempos: Sequence[Tempo]) -> tuple[Floats, Floats, Floats]:
    """Beats and seconds of each change, and the seconds of a beat from there on."""
    beats = np.array([0.0, *(tempo.at_beats for tempo in tempos[1:])])
    beat_s = np.array([60 / tempo.bpm for tempo in tempos])
    return beats, np.concatenate([[0.0], np.cumsum(np.diff(beats) * beat_s[:-1])]), beat_s
