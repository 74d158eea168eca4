"""Log-magnitude spectrograms of sound, and their inversion."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.codecs.logmel import MAX_WINDOW_SAMPLES
from echoic.codecs.phase import OVERLAP, reconstruct_sound
from echoic.sound.spectra import stft
from echoic.types import stored

MIN_MAGNITUDE = 1e-5
"""Magnitudes are clamped to at least this before the logarithm."""


@final
@dataclass(frozen=True)
class Spectrogram:
    """Natural logarithm of the magnitudes, one frame per hop, with Hann windows of four hops.

    Decoding reconstructs the phases: on speech, magnitudes differ by about 6 % (see `reconstruct_sound`), and samples
    are unrelated.
    """

    hop_samples: int

    @property
    def window_samples(self) -> int:
        """Number of samples per window."""
        return OVERLAP * self.hop_samples

    @property
    def frame_size(self) -> int:
        """Number of values per frame."""
        return self.window_samples // 2 + 1

    def encode(self, sound: Tensor) -> Tensor:
        """Frames `(..., frames, values)` of sound `(..., samples)`; an incomplete last window is dropped."""
        if sound.shape[-1] < self.window_samples:
            return sound.new_zeros(*sound.shape[:-1], 0, self.frame_size)
        return stft(sound, self.window_samples, self.hop_samples).abs().clamp(min=MIN_MAGNITUDE).log()

    def decode(self, frames: Iterable[Tensor], before: Tensor | None = None) -> Iterator[Tensor]:
        """Yields sound `(streams, hop_samples)` for frames `(streams, values)`, delayed by three frames, and the tail.

        Continues the sound `before` `(samples,)`, if given: see `reconstruct_sound`.
        """
        return reconstruct_sound((torch.where(frame > _log_silence(), frame.exp(), 0) for frame in frames), before)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"hop_samples": self.hop_samples}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: the hop is missing or out of range.
        """
        return cls(stored.integer(values, "hop_samples", 1, MAX_WINDOW_SAMPLES))


def _log_silence() -> float:
    return float(torch.tensor(MIN_MAGNITUDE).log())
