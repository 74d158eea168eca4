"""Music as lines that arrive: the pitches of each step."""

import json
from typing import Any

import numpy as np

from echoic.errors import DataError
from echoic.types.score import NUM_PITCHES, ONSET, SUSTAIN

_MAX_LINE = 1 << 14


class RollReader:
    """Reads steps of a piano-roll line by line, after the step `last` `(128,)`.

    A line is a JSON list of the MIDI pitches that sound; those of the step before go on. `{"pitches": [60, 64],
    "onsets": [60]}` says which of them start again.
    """

    def __init__(self, name: str, last: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        self._name = name
        self._line = 0
        self._last = last

    def read(self, line: str) -> np.ndarray[Any, np.dtype[np.uint8]] | None:
        """The step `(1, 128)` of a line; None for an empty one.

        Raises:
            DataError: a line is no list of pitches; the message has its number.
        """
        self._line += 1
        text = line.strip().removeprefix("\ufeff")
        if not text:
            return None
        pitches, onsets = self._pitches(text)
        step = np.zeros(NUM_PITCHES, np.uint8)
        step[pitches] = np.where(self._last[pitches] > 0, SUSTAIN, ONSET)
        step[onsets] = ONSET
        self._last = step
        return step[None]

    def _pitches(self, text: str) -> tuple[list[int], list[int]]:
        try:
            found = json.loads(text) if len(text) <= _MAX_LINE else None
        except (ValueError, RecursionError):
            found = None
        lists = (found.get("pitches"), found.get("onsets", [])) if isinstance(found, dict) else (found, [])
        for one in lists:
            fits = isinstance(one, list) and all(type(pitch) is int and 0 <= pitch < NUM_PITCHES for pitch in one)
            if not fits:
                raise DataError(
                    f"{self._name}: line {self._line} must be a JSON list of MIDI pitches from 0 to {NUM_PITCHES - 1}, "
                    'such as [60, 64], or {"pitches": [60, 64], "onsets": [60]}.'
                )
        return lists  # type: ignore[return-value]
