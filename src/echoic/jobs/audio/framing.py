"""Conversion between sound and the steps of the network: frames of codes, of samples, or spectra."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.codecs import HighPass, LogMel, MuLaw, Scaler, Spectrogram
from echoic.config.audio import SoundSettings
from echoic.types import Floats, stored

_BLOCK_FRAMES = 4096
"""Number of frames per block; bounds the memory."""

_FADE_S = 0.05

_SPECTRA: dict[str, type[Spectrogram] | type[LogMel]] = {"spectrum": Spectrogram, "mel": LogMel}


class Framing(Protocol):
    """Encoding of sound as network steps, and decoding."""

    @property
    def values(self) -> int:
        """Number of values per step."""
        ...

    @property
    def step_samples(self) -> int:
        """Number of samples between the starts of consecutive steps."""
        ...

    @property
    def window_samples(self) -> int:
        """Number of samples that one step covers."""
        ...

    def frames(self, sounds: Sequence[Floats]) -> Tensor:
        """Whole steps `(frames, values)` of concatenated sounds."""
        ...

    def sound(self, frames: Iterable[Tensor], before: Floats | None = None) -> Iterator[Floats]:
        """Yields the sound `(streams, samples)` of each step `(streams, values)`, in constant memory.

        `before` `(samples,)`, at least a step long, is the sound to continue.
        """
        ...

    def to_json(self) -> dict[str, Any]:
        """The fitted state besides the mu-law codec, as plain JSON values."""
        ...


@dataclass(frozen=True)
class _SampleBlocks:
    """Non-overlapping frames of samples."""

    step_samples: int

    @property
    def values(self) -> int:
        return self.step_samples

    @property
    def window_samples(self) -> int:
        return self.step_samples


class DecoderState(NamedTuple):
    """Decoded sound between two frames.

    Attributes:
        last: the last sample before `(streams,)`, before the filter.
        filter: the state of the high-pass filter `(sections, streams, 2)`.
        num_made: samples since recorded sound, up to the end of the fade between the two.
    """

    last: Floats
    filter: NDArray[np.float64]
    num_made: int


@final
@dataclass(frozen=True)
class CodeFrames(_SampleBlocks):
    """Mu-law codes, as bytes."""

    codec: MuLaw
    high_pass: HighPass

    def frames(self, sounds: Sequence[Floats]) -> Tensor:
        codes = [np.zeros(0, np.uint8), *(self.codec.encode(sound) for sound in sounds)]
        return _whole_frames(torch.from_numpy(np.concatenate(codes)), self.step_samples)

    def sound(self, frames: Iterable[Tensor], before: Floats | None = None) -> Iterator[Floats]:
        state = self.silence()
        if before is not None:
            state = self.after(before[-self.high_pass.rate_hz :], state)
        for frame in frames:
            sound, state = self.decode(frame, state)
            yield sound

    def silence(self) -> DecoderState:
        """The state of decoding at the beginning, without anything to fade over from."""
        return DecoderState(np.zeros(1, np.float32), self.high_pass.start(1), self._fade_samples)

    def after(self, sound: Floats, state: DecoderState) -> DecoderState:
        """The state of decoding after a recorded sound `(samples,)`, at least a sample long."""
        _, filtered = self.high_pass.apply(sound[None], state.filter)
        return DecoderState(sound[-1:], filtered, 0)

    def decode(self, frame: Tensor, state: DecoderState) -> tuple[Floats, DecoderState]:
        """The sound `(streams, samples)` of a frame `(streams, values)`, and the state after it."""
        sound = self.codec.decode(frame.numpy(), state.last)
        before = np.broadcast_to(state.filter, (len(state.filter), len(sound), 2))
        filtered, after = self.high_pass.apply(sound, before)
        # Recorded sound is not high-pass filtered; an abrupt change would be an audible click.
        made = state.num_made + np.arange(sound.shape[1])
        weights = np.maximum(0, 1 - made / max(1, self._fade_samples - 1)).astype(np.float32)
        filtered = filtered + weights * (sound - filtered)
        return filtered, DecoderState(sound[:, -1], after, min(state.num_made + sound.shape[1], self._fade_samples))

    @property
    def _fade_samples(self) -> int:
        return round(_FADE_S * self.high_pass.rate_hz)

    def to_json(self) -> dict[str, Any]:
        return {"high_pass": self.high_pass.to_json()}


@final
@dataclass(frozen=True)
class SampleFrames(_SampleBlocks):
    """Samples divided by the peak of the train split."""

    scale: float

    def frames(self, sounds: Sequence[Floats]) -> Tensor:
        return _whole_frames(_concatenate(sounds).div_(self.scale), self.step_samples)

    def sound(self, frames: Iterable[Tensor], before: Floats | None = None) -> Iterator[Floats]:
        for frame in frames:
            yield frame.mul(self.scale).numpy()

    def to_json(self) -> dict[str, Any]:
        return {}


@final
@dataclass(frozen=True)
class SpectralFrames:
    """Log spectra or log-mel spectra, standardised by statistics of the train split."""

    codec: Spectrogram | LogMel
    scaler: Scaler

    @property
    def values(self) -> int:
        return self.codec.frame_size

    @property
    def step_samples(self) -> int:
        return self.codec.hop_samples

    @property
    def window_samples(self) -> int:
        return self.codec.window_samples

    def frames(self, sounds: Sequence[Floats]) -> Tensor:
        return self.scaler.encode(_spectra(self.codec, sounds)[None], torch.zeros(1, dtype=torch.long))[0]

    def sound(self, frames: Iterable[Tensor], before: Floats | None = None) -> Iterator[Floats]:
        series = torch.zeros(1, dtype=torch.long)
        decoded = (self.scaler.decode(frame[None], series)[0] for frame in frames)
        for sound in self.codec.decode(decoded, None if before is None else torch.from_numpy(before)):
            yield sound.numpy()

    @classmethod
    def fit(cls, codec: Spectrogram | LogMel, sounds: Sequence[Floats]) -> Self:
        """Fits means and standard deviations to `sounds`, the train split."""
        return cls(codec, Scaler.fit("standard", [""], [_spectra(codec, sounds)]))

    def to_json(self) -> dict[str, Any]:
        return {"spectral": {"codec": self.codec.to_json(), "scaler": self.scaler.to_json()}}


def fit_framing(settings: SoundSettings, rate_hz: int, codec: MuLaw, training: Sequence[Floats]) -> Framing:
    """The framing defined by `settings`, fitted to the sounds of the train split."""
    step_samples = settings.samples_of_step(rate_hz)
    if settings.model == "samples":
        return CodeFrames(step_samples, codec, HighPass.fit(training, rate_hz))
    if settings.frame_features == "samples":
        return SampleFrames(step_samples, codec.scale)
    if settings.frame_features == "spectrum":
        return SpectralFrames.fit(Spectrogram(step_samples), training)
    return SpectralFrames.fit(LogMel.full_band(rate_hz, step_samples, settings.n_mels), training)


def reopen_framing(settings: SoundSettings, rate_hz: int, codec: MuLaw, fitted: Mapping[str, Any]) -> Framing:
    """The framing of a run, from the `fitted` state that `to_json` returned."""
    if settings.model == "samples":
        return CodeFrames(
            settings.samples_of_step(rate_hz), codec, HighPass.from_json(stored.field(fitted, "high_pass"))
        )
    if settings.frame_features == "samples":
        return SampleFrames(settings.samples_of_step(rate_hz), codec.scale)
    spectral = stored.field(fitted, "spectral")
    spectra = _SPECTRA[settings.frame_features].from_json(stored.field(spectral, "codec"))
    scaler = Scaler.from_json(stored.field(spectral, "scaler"))
    if scaler.center.shape != (1, spectra.frame_size):
        raise ValueError(f"`spectral.scaler` must have {spectra.frame_size} features, those of `spectral.codec`")
    return SpectralFrames(spectra, scaler)


def _spectra(codec: Spectrogram | LogMel, sounds: Sequence[Floats]) -> Tensor:
    sound, hop = _concatenate(sounds), codec.hop_samples
    block, shared = _BLOCK_FRAMES * hop, codec.window_samples - hop
    return torch.cat([codec.encode(sound[at : at + block + shared]) for at in range(0, max(len(sound), 1), block)])


def _concatenate(sounds: Sequence[Floats]) -> Tensor:
    return torch.from_numpy(np.concatenate([np.zeros(0, np.float32), *sounds]))


def _whole_frames(samples: Tensor, frame_samples: int) -> Tensor:
    return samples[: len(samples) // frame_samples * frame_samples].view(-1, frame_samples)
