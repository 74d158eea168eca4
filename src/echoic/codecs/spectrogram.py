"""Sound as the magnitudes of its short-time spectra, and back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.codecs.phase import OVERLAP, reconstruct_sound
from echoic.sound.spectra import stft

MIN_MAGNITUDE = 1e-5
"""Magnitudes below it are as good as silence; their logarithm stops there."""


@final
@dataclass(frozen=True)
class Spectrogram:
    """Natural logarithms of magnitudes, one frame a hop; windows (Hann) are of four hops.

    What comes back has other phases: its magnitudes differ by some 6 % on speech (see `reconstruct_sound`), its samples
    by as much as they like.
    """

    hop_samples: int

    @property
    def window_samples(self) -> int:
        """Samples that a frame sees."""
        return OVERLAP * self.hop_samples

    @property
    def frame_size(self) -> int:
        """Numbers in a frame."""
        return self.window_samples // 2 + 1

    def encode(self, sound: Tensor) -> Tensor:
        """Frames `(..., frames, values)` of sound `(..., samples)`; an incomplete last window is left out."""
        if sound.shape[-1] < self.window_samples:
            return sound.new_zeros(*sound.shape[:-1], 0, self.frame_size)
        return stft(sound, self.window_samples, self.hop_samples).abs().clamp(min=MIN_MAGNITUDE).log()

    def decode(self, frames: Iterable[Tensor], before: Tensor | None = None) -> Iterator[Tensor]:
        """Yields sound `(streams, hop_samples)` for frames `(streams, values)`, three frames late, and the tail.

        Continues the sound `before` `(samples,)`, if given: see `reconstruct_sound`.
        """
        return reconstruct_sound((torch.where(frame > _log_silence(), frame.exp(), 0) for frame in frames), before)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"hop_samples": self.hop_samples}

    @classmethod
    def from_json(cls, frame_size: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(frame_size["hop_samples"])


def _log_silence() -> float:
    return float(torch.tensor(MIN_MAGNITUDE).log())
