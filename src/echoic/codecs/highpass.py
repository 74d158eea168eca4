"""Nothing comes out below the lowest sound that went in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
import scipy  # it loads `scipy.signal`, which takes long, at first use
from numpy.typing import NDArray

from echoic.types import Floats

State = NDArray[np.float64]

_SEGMENT_SAMPLES = 4096
_BLOCK_SAMPLES = 1 << 20
_MIN_POWER_FRACTION = 1e-3
"""The lowest frequency of a source: below it lies this fraction of its power."""

_ORDER = 4
_MIN_BIN = 4
"""Lower than this many steps of the spectrum, an offset and the onset of a source look the same."""


@final
@dataclass(frozen=True)
class HighPass:
    """A high-pass filter (Butterworth's) an octave below where a source begins; with a corner of 0, none.

    The noise of levels is flat, and taking emphasis back lifts its low end: a rumble that the source does not have.
    """

    cutoff_hz: float
    rate_hz: int

    @classmethod
    def fit(cls, sounds: Sequence[Floats], rate_hz: int) -> Self:
        """The filter for a source, `(samples,)` each, one after the other: none if it has an offset, or power to it."""
        segment = min(_SEGMENT_SAMPLES, sum(map(len, sounds)))
        power = np.zeros(segment // 2 + 1)
        for block in _concatenated_blocks(sounds):
            if len(block) >= segment:
                # Nothing is taken off: an offset counts as sound of 0 Hz.
                power += scipy.signal.welch(block, rate_hz, nperseg=segment, detrend=False)[1] * len(block)
        lowest_bin = int(np.searchsorted(np.cumsum(power), _MIN_POWER_FRACTION * power.sum()))
        return cls(lowest_bin * rate_hz / segment / 2 if lowest_bin >= _MIN_BIN else 0.0, rate_hz)

    def start(self, streams: int) -> State:
        """The state before any sound."""
        return np.zeros((_ORDER // 2, streams, 2))

    def apply(self, sound: Floats, state: State) -> tuple[Floats, State]:
        """What is left of `sound` `(streams, samples)`, and the state after it."""
        if not self.cutoff_hz:
            return sound, state
        filtered, state = scipy.signal.sosfilt(self._sections, sound, zi=state)
        return filtered.astype(np.float32), state

    @cached_property
    def _sections(self) -> NDArray[np.float64]:
        return np.asarray(scipy.signal.butter(_ORDER, self.cutoff_hz, "highpass", fs=self.rate_hz, output="sos"))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"cutoff_hz": self.cutoff_hz, "rate_hz": self.rate_hz}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(values["cutoff_hz"], values["rate_hz"])


def _concatenated_blocks(sounds: Sequence[Floats]) -> Iterator[Floats]:
    """All sounds as one, in blocks: short ones would not fill a segment."""
    buffer: list[Floats] = []
    for sound in sounds:
        for at in range(0, len(sound), _BLOCK_SAMPLES):
            buffer.append(sound[at : at + _BLOCK_SAMPLES])
            if sum(map(len, buffer)) >= _BLOCK_SAMPLES:
                yield np.concatenate(buffer)
                buffer = []
    if buffer:
        yield np.concatenate(buffer)
