"""High-pass filter for generated sound."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
import scipy  # loads `scipy.signal` lazily, which is slow to import
from numpy.typing import NDArray

from echoic.codecs.logmel import MAX_RATE_HZ
from echoic.types import Floats, stored

State = NDArray[np.float64]

_SEGMENT_SAMPLES = 4096
_BLOCK_SAMPLES = 1 << 20
_MIN_POWER_FRACTION = 1e-3
"""Fraction of the power of a source below its lowest frequency."""

_ORDER = 4
_MIN_BIN = 4
"""Below this bin of the spectrum, an offset cannot be distinguished from low-frequency sound."""


@final
@dataclass(frozen=True)
class HighPass:
    """A Butterworth high-pass filter an octave below the lowest frequency of a source; disabled by a corner of 0.

    It removes the low-frequency noise that de-emphasis makes of the flat quantization noise.
    """

    cutoff_hz: float
    rate_hz: int

    @classmethod
    def fit(cls, sounds: Sequence[Floats], rate_hz: int) -> Self:
        """Fits the filter to sounds `(samples,)`; disabled if they have an offset, or power down to 0 Hz."""
        segment = min(_SEGMENT_SAMPLES, sum(map(len, sounds)))
        power = np.zeros(segment // 2 + 1)
        for block in _concatenated_blocks(sounds):
            if len(block) >= segment:
                # The mean is not removed: an offset counts as sound at 0 Hz.
                power += scipy.signal.welch(block, rate_hz, nperseg=segment, detrend=False)[1] * len(block)
        lowest_bin = int(np.searchsorted(np.cumsum(power), _MIN_POWER_FRACTION * power.sum()))
        return cls(lowest_bin * rate_hz / segment / 2 if lowest_bin >= _MIN_BIN else 0.0, rate_hz)

    def start(self, streams: int) -> State:
        """The initial state of the filter."""
        return np.zeros((_ORDER // 2, streams, 2))

    def apply(self, sound: Floats, state: State) -> tuple[Floats, State]:
        """Filters `sound` `(streams, samples)`; returns the result and the new state."""
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
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing or out of range.
        """
        rate_hz = stored.integer(values, "rate_hz", 1, MAX_RATE_HZ)
        return cls(stored.number(values, "cutoff_hz", 0, rate_hz / 2.001), rate_hz)


def _concatenated_blocks(sounds: Sequence[Floats]) -> Iterator[Floats]:
    """Concatenates all sounds, in blocks, because short ones would not fill a segment."""
    buffer: list[Floats] = []
    for sound in sounds:
        for at in range(0, len(sound), _BLOCK_SAMPLES):
            buffer.append(sound[at : at + _BLOCK_SAMPLES])
            if sum(map(len, buffer)) >= _BLOCK_SAMPLES:
                yield np.concatenate(buffer)
                buffer = []
    if buffer:
        yield np.concatenate(buffer)
