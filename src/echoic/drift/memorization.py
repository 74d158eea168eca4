"""Whether sound was copied from sound that was trained on."""

import heapq
from collections.abc import Iterator, Sequence
from typing import NamedTuple, final

import numpy as np
import scipy  # it loads `scipy.signal`, which takes long, at first use
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from echoic.types import Floats

COPY_SIMILARITY = 0.95
EXCERPT_S = 1.0
_SEARCH_RATE_HZ = 4_000
"""Copies are looked for in the lower part of the spectrum: a quarter of the work, and enough to know a voice by."""

_MIN_RMS = 1e-3

_BLOCK = 2**14
"""Samples of those that are searched at once: two snippets at least, and few enough for the cache."""

_NUM_CANDIDATES = 16
"""The best matches there are compared again, sample by sample."""


class Match(NamedTuple):
    """How like a place in the training sound is: 1 is a copy; which recording, and when in it."""

    similarity: float
    recording: int
    time_s: float


class _Candidate(NamedTuple):
    """How like a snippet is to a place in a recording, both with most samples left out."""

    similarity: float
    recording: int
    position: int


class _Block(NamedTuple):
    """A stretch of a recording: where it begins, its spectrum, and for each place the norm of what begins there."""

    recording: int
    begin: int
    spectrum: NDArray[np.complex64]
    norms: Floats

    def best_match(self, query: NDArray[np.complex64]) -> _Candidate:
        """The place of the best match to a snippet of norm 1, whose conjugate spectrum is given."""
        similarity = irfft(query * self.spectrum, _BLOCK)[: len(self.norms)] / self.norms
        position = int(similarity.argmax())
        return _Candidate(float(similarity[position]), self.recording, self.begin + position)


@final
class RecordingIndex:
    """Recordings that were trained on, made ready to be searched; they take 2.3 times their size at 4 kHz."""

    def __init__(self, recordings: Sequence[Floats], rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._recordings = recordings
        self._step = max(1, rate_hz // _SEARCH_RATE_HZ)
        self._samples = len(self._downsample(np.zeros(round(EXCERPT_S * rate_hz), np.float32)))
        self._blocks = [block for number in range(len(recordings)) for block in self._split_blocks(number)]

    def best_match(self, excerpt: Floats) -> Match | None:
        """The place of the best match to a second of sound `(samples,)`; None if it is nearly silent.

        Likeness is the correlation of two stretches, divided by the norms of both.
        """
        low = self._downsample(excerpt)
        norm = np.linalg.norm(low)
        if norm < _MIN_RMS * np.sqrt(self._samples):
            return None
        query = rfft(low / norm, _BLOCK).conj()
        best = heapq.nlargest(_NUM_CANDIDATES, (block.best_match(query) for block in self._blocks))
        return max(self._refine(excerpt, candidate) for candidate in best)

    def _refine(self, excerpt: Floats, candidate: _Candidate) -> Match:
        """The best match around one that was found with most samples left out, which may lie between two of them."""
        begin = max(0, (candidate.position - 1) * self._step)
        surroundings = self._recordings[candidate.recording][begin : begin + 2 * self._step + len(excerpt)].astype(
            np.float64
        )
        surroundings = np.pad(surroundings, (0, max(0, len(excerpt) - len(surroundings))))
        products = np.correlate(surroundings, excerpt, "valid")
        similarity = products / (
            _norms(surroundings, len(excerpt)) * np.sqrt(np.square(excerpt, dtype=np.float64).sum())
        )
        position = int(similarity.argmax())
        return Match(float(similarity[position]), candidate.recording, (begin + position) / self.rate_hz)

    def _split_blocks(self, number: int) -> Iterator[_Block]:
        """A recording in blocks, each with so much of the next that every snippet is whole in one of them."""
        low = self._downsample(self._recordings[number])
        low = np.pad(low, (0, max(0, self._samples - len(low))))
        for begin in range(0, len(low) - self._samples + 1, _BLOCK - self._samples + 1):
            block = low[begin : begin + _BLOCK]
            norms = _norms(block, self._samples).astype(np.float32)
            yield _Block(number, begin, rfft(block, _BLOCK), norms)

    def _downsample(self, sound: Floats) -> Floats:
        return np.asarray(scipy.signal.resample_poly(sound, 1, self._step), np.float32)


def _norms(sound: NDArray[np.floating], samples: int) -> NDArray[np.float64]:
    """The norm of every stretch of so many samples, at least that of a nearly silent one."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    return np.asarray(np.sqrt(np.maximum(energy[samples:] - energy[:-samples], _MIN_RMS**2 * samples)))
