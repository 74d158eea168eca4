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
        self._sounds = [self._lowered(sound) for sound in recordings]
        snippet = round(SNIPPET_S * self._low_hz)
        self._sounds = [np.pad(sound, (0, max(0, snippet - len(sound)))) for sound in self._sounds]
        ends = np.cumsum([len(sound) for sound in self._sounds])
        self._begins = np.concatenate([[0], ends[:-1]])
        self._all = np.concatenate(self._sounds)
        energy = np.concatenate([[0.0], np.cumsum(self._all**2)])
        self._norms = np.sqrt(np.maximum(energy[snippet:] - energy[:-snippet], _AUDIBLE**2 * snippet))

    @property
    def _low_hz(self) -> float:
        return self.rate_hz / max(1, self.rate_hz // _HEARD_AT_HZ)

    def likest(self, snippet: Floats) -> Likeness | None:
        """The place that a second of sound `(samples,)` is likest to; None if it can hardly be heard."""
        low = self._lowered(snippet)[: round(SNIPPET_S * self._low_hz)]
        norm = np.sqrt(low @ low)
        if norm < _AUDIBLE * np.sqrt(len(low)):
            return None
        products = oaconvolve(self._all, low[::-1], "valid")
        likeness = products / (norm * self._norms[: len(products)])
        at = int(likeness.argmax())
        recording = int(np.searchsorted(self._begins, at, "right")) - 1
        return Likeness(float(likeness[at]), recording, (at - self._begins[recording]) / self._low_hz)

    def _lowered(self, sound: Floats) -> NDArray[np.float64]:
        return np.asarray(resample_poly(sound.astype(np.float64), 1, max(1, self.rate_hz // _HEARD_AT_HZ)))
