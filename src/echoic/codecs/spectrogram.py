"""Sound as the magnitudes of its short-time spectra, and back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.codecs.phase import OVERLAP, sound_from
from echoic.spectra import stft

LEAST_MAGNITUDE = 1e-5
"""Magnitudes below it are as good as silence; their logarithm stops there."""


@final
@dataclass(frozen=True)
class Spectrogram:
    """Natural logarithms of magnitudes, one frame a hop; windows (Hann) are of four hops.

    What comes back has other phases: its magnitudes differ by some 6 % on speech (see `sound_from`), its samples by
    as much as they like.
    """

    hop_samples: int

    @property
    def window_samples(self) -> int:
        """Samples that a frame sees."""
        return OVERLAP * self.hop_samples

    @property
    def values(self) -> int:
        """Numbers in a frame."""
        return self.window_samples // 2 + 1

    def encode(self, sound: Tensor) -> Tensor:
        """Frames `(..., frames, values)` of sound `(..., samples)`; what does not fill a window is left out."""
        if sound.shape[-1] < self.window_samples:
            return sound.new_zeros(*sound.shape[:-1], 0, self.values)
        return stft(sound, self.window_samples, self.hop_samples).abs().clamp(min=LEAST_MAGNITUDE).log()

    def decode(self, frames: Iterable[Tensor], before: Tensor | None = None) -> Iterator[Tensor]:
        """Yields sound `(streams, hop_samples)` for frames `(streams, values)`, three frames late, and the tail.

        It goes on from the sound `before` `(samples,)`, if there is any: see `sound_from`.
        """
        return sound_from((torch.where(frame > _silent(), frame.exp(), 0) for frame in frames), before)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"hop_samples": self.hop_samples}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(values["hop_samples"])


def _silent() -> float:
    return float(torch.tensor(LEAST_MAGNITUDE).log())
