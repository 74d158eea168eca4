"""What a step of the network is: a frame of levels, of samples, or a spectrum. From sound, and back to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.codecs import LogMel, LowCut, MuLaw, Scaler, Spectrogram
from echoic.config.audio import SoundSettings
from echoic.types import Floats

_BLOCK_FRAMES = 4096
"""Spectra are taken of so many frames at a time, which bounds the memory; the result is the same."""

_SPECTRA: dict[str, type[Spectrogram] | type[LogMel]] = {"spectrum": Spectrogram, "mel": LogMel}


class Framing(Protocol):
    """Sound as steps."""

    @property
    def values(self) -> int:
        """Numbers in a step."""
        ...

    @property
    def seen_samples(self) -> int:
        """Samples that one step tells of."""
        ...

    def frames(self, sounds: Sequence[Floats]) -> Tensor:
        """Sounds one after the other as whole steps `(frames, values)`."""
        ...

    def sound(self, frames: Iterable[Tensor]) -> Iterator[Floats]:
        """Yields the sound `(streams, samples)` of steps `(streams, values)` as they come, in constant memory."""
        ...

    def to_json(self) -> dict[str, Any]:
        """What was fitted besides the mu-law codec, as plain JSON values."""
        ...


@dataclass(frozen=True)
class _Cut:
    """Samples side by side."""

    frame_samples: int

    @property
    def values(self) -> int:
        return self.frame_samples

    @property
    def seen_samples(self) -> int:
        return self.frame_samples


@final
@dataclass(frozen=True)
class LevelFrames(_Cut):
    """Mu-law levels, as bytes."""

    codec: MuLaw
    low_cut: LowCut

    def frames(self, sounds: Sequence[Floats]) -> Tensor:
        levels = [np.zeros(0, np.uint8), *(self.codec.encode(sound) for sound in sounds)]
        return _whole_frames(torch.from_numpy(np.concatenate(levels)), self.frame_samples)

    def sound(self, frames: Iterable[Tensor]) -> Iterator[Floats]:
        before: Floats | float = 0.0
        state = None
        for frame in frames:
            sound = self.codec.decode(frame.numpy(), before)
            before = sound[:, -1]
            state = self.low_cut.start(len(sound)) if state is None else state
            heard, state = self.low_cut.passed(sound, state)
            yield heard

    def to_json(self) -> dict[str, Any]:
        return {"low_cut": self.low_cut.to_json()}


@final
@dataclass(frozen=True)
class SampleFrames(_Cut):
    """Samples divided by the largest of the training part."""

    scale: float

    def frames(self, sounds: Sequence[Floats]) -> Tensor:
        return _whole_frames(_joined(sounds).div_(self.scale), self.frame_samples)

    def sound(self, frames: Iterable[Tensor]) -> Iterator[Floats]:
        for frame in frames:
            yield frame.mul(self.scale).numpy()

    def to_json(self) -> dict[str, Any]:
        return {}


@final
@dataclass(frozen=True)
class SpectralFrames:
    """Logarithms of spectra or of mel bands, each with mean 0 and deviation 1 in the training part."""

    codec: Spectrogram | LogMel
    scaler: Scaler

    @property
    def values(self) -> int:
        return self.codec.values

    @property
    def seen_samples(self) -> int:
        return self.codec.window_samples

    def frames(self, sounds: Sequence[Floats]) -> Tensor:
        return self.scaler.encode(_spectra(self.codec, sounds)[None], torch.zeros(1, dtype=torch.long))[0]

    def sound(self, frames: Iterable[Tensor]) -> Iterator[Floats]:
        series = torch.zeros(1, dtype=torch.long)
        for sound in self.codec.decode(self.scaler.decode(frame[None], series)[0] for frame in frames):
            yield sound.numpy()

    @classmethod
    def fit(cls, codec: Spectrogram | LogMel, sounds: Sequence[Floats]) -> Self:
        """Means and deviations of `sounds`, the training part."""
        return cls(codec, Scaler.fit("standard", [""], [_spectra(codec, sounds)]))

    def to_json(self) -> dict[str, Any]:
        return {"spectral": {"codec": self.codec.to_json(), "scaler": self.scaler.to_json()}}


def fit_framing(settings: SoundSettings, rate_hz: int, codec: MuLaw, training: Sequence[Floats]) -> Framing:
    """The framing that `settings` ask for, fitted on the sounds of the training part."""
    if settings.model == "samples":
        return LevelFrames(settings.step_samples, codec, LowCut.fit(training, rate_hz))
    if settings.frame_of == "samples":
        return SampleFrames(settings.step_samples, codec.scale)
    if settings.frame_of == "spectrum":
        return SpectralFrames.fit(Spectrogram(settings.step_samples), training)
    return SpectralFrames.fit(LogMel.of(rate_hz, settings.step_samples, settings.bands), training)


def reopen_framing(settings: SoundSettings, codec: MuLaw, fitted: Mapping[str, Any]) -> Framing:
    """The framing of a run; `fitted` has what its `to_json` gave."""
    if settings.model == "samples":
        return LevelFrames(settings.step_samples, codec, LowCut.from_json(fitted["low_cut"]))
    if settings.frame_of == "samples":
        return SampleFrames(settings.step_samples, codec.scale)
    kind = _SPECTRA[settings.frame_of]
    return SpectralFrames(kind.from_json(fitted["spectral"]["codec"]), Scaler.from_json(fitted["spectral"]["scaler"]))


def _spectra(codec: Spectrogram | LogMel, sounds: Sequence[Floats]) -> Tensor:
    sound, hop = _joined(sounds), codec.hop_samples
    block, shared = _BLOCK_FRAMES * hop, codec.window_samples - hop
    return torch.cat([codec.encode(sound[at : at + block + shared]) for at in range(0, max(len(sound), 1), block)])


def _joined(sounds: Sequence[Floats]) -> Tensor:
    return torch.from_numpy(np.concatenate([np.zeros(0, np.float32), *sounds]))


def _whole_frames(samples: Tensor, frame_samples: int) -> Tensor:
    return samples[: len(samples) // frame_samples * frame_samples].view(-1, frame_samples)
