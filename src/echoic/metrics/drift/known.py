"""Whether sound was copied from sound that was trained on."""

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve, resample_poly

from echoic.types import Floats

COPY_LIKENESS = 0.95
SNIPPET_S = 1.0
_HEARD_AT_HZ = 4_000
"""Copies are looked for in the lower part of the spectrum: a quarter of the work, and enough to know a voice by."""

_AUDIBLE = 1e-3

_LOOKED_AT = 16
"""Places that are likest there are looked at closely, sample by sample."""


class Likeness(NamedTuple):
    """How like a place in the training sound is: 1 is a copy; which recording, and when in it."""

    value: float
    recording: int
    time_s: float


@final
class KnownSound:
    """Recordings that were trained on, made ready to be searched."""

    def __init__(self, recordings: Sequence[Floats], rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._recordings = recordings
        self._step = max(1, rate_hz // _HEARD_AT_HZ)
        snippet = round(SNIPPET_S * rate_hz / self._step)
        sounds = [self._lowered(sound) for sound in recordings]
        sounds = [np.pad(sound, (0, max(0, snippet - len(sound)))) for sound in sounds]
        self._begins = np.cumsum([0, *map(len, sounds[:-1])])
        self._all = np.concatenate(sounds)
        self._norms = _norms(self._all, snippet)

    def likest(self, snippet: Floats) -> Likeness | None:
        """The place that a second of sound `(samples,)` is likest to; None if it can hardly be heard."""
        low = self._lowered(snippet)[: round(SNIPPET_S * self.rate_hz / self._step)]
        if np.sqrt(low @ low) < _AUDIBLE * np.sqrt(len(low)):
            return None
        products = oaconvolve(self._all, low[::-1], "valid")
        likeness = products / self._norms[: len(products)]
        return max(self._closely(snippet, int(at)) for at in np.argsort(likeness)[-_LOOKED_AT:])

    def _closely(self, snippet: Floats, low_at: int) -> Likeness:
        """The likest place around one that was found with most samples left out, which may lie between two of them."""
        recording = int(np.searchsorted(self._begins, low_at, "right")) - 1
        begin = max(0, (low_at - int(self._begins[recording]) - 1) * self._step)
        around = self._recordings[recording][begin : begin + 2 * self._step + len(snippet)].astype(np.float64)
        around = np.pad(around, (0, max(0, len(snippet) - len(around))))
        products = np.correlate(around, snippet, "valid")
        likeness = products / (_norms(around, len(snippet)) * np.sqrt(np.square(snippet, dtype=np.float64).sum()))
        at = int(likeness.argmax())
        return Likeness(float(likeness[at]), recording, (begin + at) / self.rate_hz)

    def _lowered(self, sound: Floats) -> NDArray[np.float64]:
        return np.asarray(resample_poly(sound.astype(np.float64), 1, self._step))


def _norms(sound: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """Of every stretch of so many samples; of what can hardly be heard, more than it is."""
    energy = np.concatenate([[0.0], np.cumsum(sound**2)])
    return np.asarray(np.sqrt(np.maximum(energy[samples:] - energy[:-samples], _AUDIBLE**2 * samples)))
