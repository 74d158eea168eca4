"""Sound as the logarithm of its power in mel bands, and back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.codecs.phase import OVERLAP, reconstruct_sound
from echoic.sound.spectra import mel_filterbank, stft

MIN_POWER = 1e-10
"""Power below it is as good as silence; its logarithm stops there."""

_ITERATIONS = 30
_EPSILON = 1e-12


@final
@dataclass(frozen=True)
class LogMel:
    """Natural logarithms of power in `bands` mel bands (Slaney's), one frame a hop.

    Windows (periodic Hann) have `window_samples`; frame t begins at sample `t * hop_samples`. The same as librosa's
    `melspectrogram` with `center=False`. Sound comes back only of windows of four hops; its bands are then within
    about a decibel of those asked for where there is speech.
    """

    rate_hz: int
    window_samples: int
    hop_samples: int
    bands: int
    low_hz: float
    high_hz: float

    @classmethod
    def full_band(cls, rate_hz: int, hop_samples: int, bands: int) -> Self:
        """Bands from 0 Hz to half of the rate, windows of four hops, from which sound comes back."""
        return cls(rate_hz, OVERLAP * hop_samples, hop_samples, bands, 0.0, rate_hz / 2)

    @property
    def frame_size(self) -> int:
        """Numbers in a frame."""
        return self.bands

    def encode(self, sound: Tensor) -> Tensor:
        """Frames `(..., frames, bands)` of sound `(..., samples)`; an incomplete last window is left out."""
        if sound.shape[-1] < self.window_samples:
            return sound.new_zeros(*sound.shape[:-1], 0, self.bands)
        power = stft(sound, self.window_samples, self.hop_samples).abs().square()
        return (power @ self._matrix.T.to(sound)).clamp(min=MIN_POWER).log()

    def decode(self, frames: Iterable[Tensor], before: Tensor | None = None) -> Iterator[Tensor]:
        """Yields sound `(streams, hop_samples)` for frames `(streams, bands)`, three frames late, and the tail.

        Continues the sound `before` `(samples,)`, if given: see `reconstruct_sound`.

        Raises:
            ValueError: a window is not four hops.
        """
        if self.window_samples != OVERLAP * self.hop_samples:
            raise ValueError(f"sound comes back of windows of {OVERLAP} hops only")
        return reconstruct_sound((self._magnitudes(frame) for frame in frames), before)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, frame_size: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**frame_size)

    @cached_property
    def _matrix(self) -> Tensor:
        return mel_filterbank(self.rate_hz, self.window_samples, self.bands, self.low_hz, self.high_hz)

    def _magnitudes(self, frame: Tensor) -> Tensor:
        """Power that is not negative and has these bands, by the multiplicative rule of Lee and Seung (2001)."""
        target = torch.where(frame > float(torch.tensor(MIN_POWER).log()), frame.exp(), 0)
        matrix = self._matrix.to(frame)
        back_projection = target @ matrix
        power = back_projection.clone()
        for _ in range(_ITERATIONS):
            power *= back_projection / ((power @ matrix.T) @ matrix).clamp(min=_EPSILON)
        return power.sqrt()
