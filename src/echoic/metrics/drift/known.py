"""Whether sound was copied from sound that was trained on."""

import heapq
from collections.abc import Iterator, Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.signal import resample_poly

from echoic.types import Floats

COPY_LIKENESS = 0.95
SNIPPET_S = 1.0
_HEARD_AT_HZ = 4_000
"""Copies are looked for in the lower part of the spectrum: a quarter of the work, and enough to know a voice by."""

_AUDIBLE = 1e-3

_BLOCK = 2**14
"""Samples of those that are searched at once: two snippets at least, and few enough for the cache."""

_LOOKED_AT = 16
"""Places that are likest there are looked at closely, sample by sample."""


class Likeness(NamedTuple):
    """How like a place in the training sound is: 1 is a copy; which recording, and when in it."""

    value: float
    recording: int
    time_s: float


class _Place(NamedTuple):
    """How like a snippet is to a place in a recording, both with most samples left out."""

    likeness: float
    recording: int
    at: int


class _Block(NamedTuple):
    """A stretch of a recording: where it begins, its spectrum, and for each place the norm of what begins there."""

    recording: int
    begin: int
    spectrum: NDArray[np.complex64]
    norms: Floats

    def likest(self, sought: NDArray[np.complex64]) -> _Place:
        """The place that is likest to a snippet of norm 1, whose conjugate spectrum is given."""
        likeness = irfft(sought * self.spectrum, _BLOCK)[: len(self.norms)] / self.norms
        at = int(likeness.argmax())
        return _Place(float(likeness[at]), self.recording, self.begin + at)


@final
class KnownSound:
    """Recordings that were trained on, made ready to be searched; they take 2.3 times their size at 4 kHz."""

    def __init__(self, recordings: Sequence[Floats], rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._recordings = recordings
        self._step = max(1, rate_hz // _HEARD_AT_HZ)
        self._samples = len(self._lowered(np.zeros(round(SNIPPET_S * rate_hz), np.float32)))
        self._blocks = [block for number in range(len(recordings)) for block in self._cut(number)]

    def likest(self, snippet: Floats) -> Likeness | None:
        """The place that a second of sound `(samples,)` is likest to; None if it can hardly be heard.

        Likeness is the correlation of two stretches, divided by the norms of both.
        """
        low = self._lowered(snippet)
        norm = np.linalg.norm(low)
        if norm < _AUDIBLE * np.sqrt(self._samples):
            return None
        sought = rfft(low / norm, _BLOCK).conj()
        best = heapq.nlargest(_LOOKED_AT, (block.likest(sought) for block in self._blocks))
        return max(self._closely(snippet, place) for place in best)

    def _closely(self, snippet: Floats, place: _Place) -> Likeness:
        """The likest place around one that was found with most samples left out, which may lie between two of them."""
        begin = max(0, (place.at - 1) * self._step)
        around = self._recordings[place.recording][begin : begin + 2 * self._step + len(snippet)].astype(np.float64)
        around = np.pad(around, (0, max(0, len(snippet) - len(around))))
        products = np.correlate(around, snippet, "valid")
        likeness = products / (_norms(around, len(snippet)) * np.sqrt(np.square(snippet, dtype=np.float64).sum()))
        at = int(likeness.argmax())
        return Likeness(float(likeness[at]), place.recording, (begin + at) / self.rate_hz)

    def _cut(self, number: int) -> Iterator[_Block]:
        """A recording in blocks, each with so much of the next that every snippet is whole in one of them."""
        low = self._lowered(self._recordings[number])
        low = np.pad(low, (0, max(0, self._samples - len(low))))
        for begin in range(0, len(low) - self._samples + 1, _BLOCK - self._samples + 1):
            block = low[begin : begin + _BLOCK]
            norms = _norms(block, self._samples).astype(np.float32)
            yield _Block(number, begin, rfft(block, _BLOCK), norms)

    def _lowered(self, sound: Floats) -> Floats:
        return np.asarray(resample_poly(sound, 1, self._step), np.float32)


def _norms(sound: NDArray[np.floating], samples: int) -> NDArray[np.float64]:
    """Of every stretch of so many samples; of what can hardly be heard, more than it is."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    return np.asarray(np.sqrt(np.maximum(energy[samples:] - energy[:-samples], _AUDIBLE**2 * samples)))
