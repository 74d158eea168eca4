"""Encoding of piano-rolls as network steps, as chords or as a single line, in any key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.types import stored
from echoic.types.score import NUM_PITCHES, ONSET, SILENT, SUSTAIN

Roll = NDArray[np.uint8]
"""`(steps, 128)`: 0 silent, 1 onset, 2 sustained."""

Numbers = NDArray[np.uint8]

REST, HOLD = 0, 1
"""The first two symbols of a line; the pitches follow in ascending order."""

OCTAVE = 12


_HIGHEST_PITCH = 127


@final
@dataclass(frozen=True)
class PianoRoll:
    """The encoding of piano-rolls.

    `form`: line (one symbol per step: rest, hold or the note that starts, the highest if several sound), chords (one
    column per pitch: sounding or not) or onsets (two adjacent columns per pitch: sustained, onset). Notes outside
    `lowest`..`highest` are moved by octaves to the nearest pitch inside, or dropped.
    """

    form: Literal["line", "chords", "onsets"]
    lowest: int
    highest: int
    outside: Literal["fold", "drop"]

    @property
    def pitches(self) -> int:
        """Number of pitches."""
        return self.highest - self.lowest + 1

    @property
    def symbols(self) -> int:
        """Number of classes of a line, or of columns of a chord."""
        return {"line": self.pitches + 2, "chords": self.pitches, "onsets": 2 * self.pitches}[self.form]

    @property
    def features(self) -> int:
        """Number of columns of an encoded step."""
        return 1 if self.form == "line" else self.symbols

    def encode(self, roll: Roll, shift: int = 0) -> Numbers:
        """Steps `(steps, features)` of a roll transposed up by `shift` semitones."""
        inside = self._to_range(roll, shift)
        if self.form == "chords":
            return (inside > SILENT).astype(np.uint8)
        if self.form == "onsets":
            return np.stack([inside == SUSTAIN, inside == ONSET], -1).reshape(len(roll), -1).astype(np.uint8)
        return _to_line(inside)[:, None]

    def decode(self, steps: NDArray[Any]) -> Roll:
        """The roll `(steps, 128)` of encoded steps; a note of a chord that sounded before is sustained."""
        inside = self._decode_steps(np.asarray(steps).astype(np.uint8))
        roll = np.zeros((len(steps), NUM_PITCHES), np.uint8)
        roll[:, self.lowest : self.highest + 1] = inside
        return roll

    def round_trip(self, roll: Roll) -> Roll:
        """The roll after encoding and decoding: one voice of a line, and no pitch outside the range."""
        return self.decode(self.encode(roll))

    def count_outside(self, roll: Roll) -> int:
        """Number of onsets outside the range."""
        return int((roll == ONSET).sum() - (roll[:, self.lowest : self.highest + 1] == ONSET).sum())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"form": self.form, "lowest": self.lowest, "highest": self.highest, "outside": self.outside}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing or out of range.
        """
        form, outside = stored.field(values, "form"), stored.field(values, "outside")
        if form not in ("line", "chords", "onsets") or outside not in ("fold", "drop"):
            raise ValueError(
                f"`form` and `outside` must be those of a piano-roll, got {form!r:.20} and {outside!r:.20}"
            )
        lowest = stored.integer(values, "lowest", 0, _HIGHEST_PITCH)
        return cls(form, lowest, stored.integer(values, "highest", lowest, _HIGHEST_PITCH), outside)

    def _to_range(self, roll: Roll, shift: int) -> Roll:
        """The roll within the range, `(steps, pitches)`; an onset takes precedence if notes coincide."""
        inside = np.zeros((len(roll), self.pitches), np.uint8)
        for pitch in np.flatnonzero(roll.any(0)).tolist():
            place = pitch + shift - self.lowest
            if not 0 <= place < self.pitches:
                if self.outside == "drop":
                    continue
                place = self._fold_octaves(place)
            inside[:, place] = _merge_notes(inside[:, place], roll[:, pitch])
        return inside

    def _fold_octaves(self, place: int) -> int:
        """Moves a pitch by octaves to the nearest one inside the range, which spans at least an octave."""
        if place < 0:
            return place % OCTAVE
        return self.pitches - 1 - (self.pitches - 1 - place) % OCTAVE

    def _decode_steps(self, steps: Numbers) -> Roll:
        """`(steps, pitches)`."""
        if self.form == "line":
            return _line_to_roll(steps[:, 0], self.pitches)
        if self.form == "chords":
            previous = np.concatenate([np.zeros_like(steps[:1]), steps[:-1]])
            return np.where(steps > 0, np.where(previous > 0, SUSTAIN, ONSET), SILENT).astype(np.uint8)
        sustained, onset = steps[:, ::2] > 0, steps[:, 1::2] > 0
        sounds = sustained | onset
        previous = np.concatenate([np.zeros_like(sounds[:1]), sounds[:-1]])
        # A sustained note must have an onset before it; a model may predict otherwise.
        return np.where(sounds, np.where(onset | ~previous, ONSET, SUSTAIN), SILENT).astype(np.uint8)


def _merge_notes(first: Roll, second: Roll) -> Roll:
    """Merges two notes of one pitch."""
    return np.where((first == ONSET) | (second == ONSET), ONSET, np.maximum(first, second)).astype(np.uint8)


def _to_line(inside: Roll) -> Numbers:
    """Symbols `(steps,)`: the highest note of each step; a hold if it is sustained from the step before."""
    pitches = inside.shape[1]
    sounds = inside.any(1)
    top = pitches - 1 - (inside[:, ::-1] > SILENT).argmax(1)
    sustained = inside[np.arange(len(inside)), top] == SUSTAIN
    previous = np.concatenate([[-1], np.where(sounds, top, -1)[:-1]])
    return np.where(sounds, np.where(sustained & (top == previous), HOLD, top + 2), REST).astype(np.uint8)


def _line_to_roll(symbols: Numbers, pitches: int) -> Roll:
    """`(steps, pitches)`; a hold after a rest is silent."""
    roll = np.zeros((len(symbols), pitches), np.uint8)
    current = -1
    for step, symbol in enumerate(symbols.tolist()):
        if symbol >= 2:
            current = symbol - 2
            roll[step, current] = ONSET
        elif symbol == HOLD and current >= 0:
            roll[step, current] = SUSTAIN
        else:
            current = -1
    return roll
