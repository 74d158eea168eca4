"""Log-mel spectra of sound, and their inversion."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self, final

import torch
from torch import Tensor

from echoic.codecs.phase import OVERLAP, reconstruct_sound
from echoic.sound.spectra import mel_filterbank, stft
from echoic.types import stored

MIN_POWER = 1e-10
"""Power is clamped to at least this before the logarithm."""

MAX_RATE_HZ, MAX_WINDOW_SAMPLES, _MAX_BANDS = 10_000_000, 1 << 20, 10_000
"""Limits of what is read from a run."""

_ITERATIONS = 30
_EPSILON = 1e-12


class Rest(NamedTuple):
    """What remains of a sound after the last complete window.

    Attributes:
        samples: samples of the windows to come `(..., samples)`.
        num_skipped: number of samples to come before the next window.
    """

    samples: Tensor
    num_skipped: int


NO_SOUND = Rest(torch.zeros(0), 0)


@final
@dataclass(frozen=True)
class LogMel:
    """Natural logarithm of the power in `bands` mel bands (Slaney's), one frame per hop.

    Equals the logarithm of librosa's `melspectrogram` with `center=False`: periodic Hann windows of `window_samples`,
    frame t begins at sample `t * hop_samples`. Decoding requires windows of four hops; on speech, the bands of the
    result are within about 1 dB.
    """

    rate_hz: int
    window_samples: int
    hop_samples: int
    bands: int
    low_hz: float
    high_hz: float

    @classmethod
    def full_band(cls, rate_hz: int, hop_samples: int, bands: int) -> Self:
        """An invertible codec: bands from 0 Hz to the Nyquist frequency, windows of four hops."""
        return cls(rate_hz, OVERLAP * hop_samples, hop_samples, bands, 0.0, rate_hz / 2)

    @property
    def frame_size(self) -> int:
        """Number of values per frame."""
        return self.bands

    def encode(self, sound: Tensor) -> Tensor:
        """Frames `(..., frames, bands)` of sound `(..., samples)`; an incomplete last window is dropped."""
        if sound.shape[-1] < self.window_samples:
            return sound.new_zeros(*sound.shape[:-1], 0, self.bands)
        spectra = stft(sound, self.window_samples, self.hop_samples)
        # Three times as fast as the square of the absolute value.
        power = spectra.real.square().addcmul_(spectra.imag, spectra.imag)
        return (power @ self._matrix.T.to(sound)).clamp(min=MIN_POWER).log()

    def encode_blocks(self, blocks: Iterable[Tensor]) -> Iterator[Tensor]:
        """The frames `(frames, bands)` of sound in blocks `(samples,)`, as soon as their windows are complete."""
        rest = NO_SOUND
        for block in blocks:
            frames, rest = self.encode_block(block, rest)
            if len(frames):
                yield frames

    def encode_block(self, block: Tensor, rest: Rest) -> tuple[Tensor, Rest]:
        """The frames `(..., frames, bands)` that a block `(..., samples)` completes, and what remains of the sound."""
        buffer = torch.cat([rest.samples, block[..., rest.num_skipped :]], -1)
        num_skipped = max(0, rest.num_skipped - block.shape[-1])
        frames = self.encode(buffer)
        begin = frames.shape[-2] * self.hop_samples
        # Hops may be longer than windows.
        return frames, Rest(buffer[..., begin:], max(num_skipped, begin - buffer.shape[-1]))

    def decode(self, frames: Iterable[Tensor], before: Tensor | None = None) -> Iterator[Tensor]:
        """Yields sound `(streams, hop_samples)` for frames `(streams, bands)`, delayed by three frames, and the tail.

        Continues the sound `before` `(samples,)`, if given: see `reconstruct_sound`.

        Raises:
            ValueError: windows are not four hops long.
        """
        if self.window_samples != OVERLAP * self.hop_samples:
            raise ValueError(f"decoding requires windows of {OVERLAP} hops")
        return reconstruct_sound((self._magnitudes(frame) for frame in frames), before)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing or out of range.
        """
        rate_hz = stored.integer(values, "rate_hz", 1, MAX_RATE_HZ)
        low_hz = stored.number(values, "low_hz", 0, rate_hz / 2)
        return cls(
            rate_hz,
            stored.integer(values, "window_samples", 1, MAX_WINDOW_SAMPLES),
            stored.integer(values, "hop_samples", 1, MAX_WINDOW_SAMPLES),
            stored.integer(values, "bands", 1, _MAX_BANDS),
            low_hz,
            stored.number(values, "high_hz", low_hz, rate_hz / 2),
        )

    @cached_property
    def _matrix(self) -> Tensor:
        return mel_filterbank(self.rate_hz, self.window_samples, self.bands, self.low_hz, self.high_hz)

    def _magnitudes(self, frame: Tensor) -> Tensor:
        """Non-negative spectra with these bands, by the multiplicative updates of Lee and Seung (2001)."""
        target = torch.where(frame > float(torch.tensor(MIN_POWER).log()), frame.exp(), 0)
        matrix = self._matrix.to(frame)
        back_projection = target @ matrix
        power = back_projection.clone()
        for _ in range(_ITERATIONS):
            power *= back_projection / ((power @ matrix.T) @ matrix).clamp(min=_EPSILON)
        return power.sqrt()
