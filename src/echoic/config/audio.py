"""Settings of the audio job."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field

from echoic.config.base import JobSettings, Section
from echoic.config.inputs import ON_ERROR, OnError
from echoic.config.model import StackSettings
from echoic.config.requests import SampledRequest
from echoic.config.search import ChangesLoss, Choices, OnlyWith, Range
from echoic.config.split import DEFAULT_FRACTIONS, FractionSplit
from echoic.config.train import TrainSettings

MAX_RATE_RATIO = 64
"""Maximum ratio of rates in resampling."""


_SAMPLES = OnlyWith(("model",), ("samples",))
_FRAMES = OnlyWith(("model",), ("frames",))


def check_channel(value: Any) -> str | int:
    """`mix`, or the number of a channel."""
    text = str(value).strip()
    if text == "mix":
        return text
    if text.isdigit() and int(text) >= 1:
        return int(text)
    raise ValueError("must be mix, or the number of a channel (the first is 1)")


class SoundSourceSettings(Section):
    """How sound is read."""

    panel: ClassVar[str] = "Data"

    rate_hz: int | None = Field(
        None,
        ge=1000,
        le=384_000,
        description="Sampling rate in Hz; sound at other rates is resampled. Default: the rate of the first file.",
    )
    channel: Annotated[str | int, BeforeValidator(check_channel)] = Field(
        "mix", description="mix for the mean of all channels, or the number of one channel, from 1."
    )
    on_error: OnError = ON_ERROR


class AudioDataSettings(SoundSourceSettings):
    """How recordings are read."""


class AudioSplitSettings(Section):
    """How recordings are split into train, dev and test."""

    panel: ClassVar[str] = "Data"

    split: FractionSplit = Field(DEFAULT_FRACTIONS, description="Fractions of train, dev and test.")
    split_by: Literal["file", "time"] | None = Field(
        None,
        description=(
            "file: whole files are assigned to splits at random, always the same way. time: each file is cut into "
            "train, dev and test in this order. Default: file with ten or more files, otherwise time."
        ),
    )


class SoundSettings(Section):
    """Steps of the network, and truncated back-propagation."""

    panel: ClassVar[str] = "Windows"

    model: Annotated[Literal["samples", "frames"], ChangesLoss()] = Field(
        "samples",
        description=(
            "samples: a slow recurrent tier over frames and a fast tier that samples one audio sample after another "
            "(SampleRNN). frames: predicts the next frame with the mean squared error, a baseline; its defaults are "
            "an LSTM, no EMA, 50 steps of back-propagation and a learning rate of 0.001."
        ),
    )
    frame_features: Annotated[Literal["samples", "spectrum", "mel"], ChangesLoss()] = Field(
        "samples",
        description=(
            "Frames model: predict the samples of a frame, its log spectrum, or its log mel spectrum; phases are "
            "reconstructed for sound."
        ),
    )
    frame_samples: Annotated[int | None, ChangesLoss(_FRAMES)] = Field(
        None,
        ge=1,
        description="Samples per step of the recurrent tier. Default: 5 ms (80 at 16 kHz), for spectra 12.5 ms.",
    )
    preemphasis: Annotated[float, ChangesLoss()] = Field(
        0.85,
        ge=0,
        lt=1,
        description=(
            "Samples model: coefficient of the pre-emphasis filter before mu-law coding, undone for output; keeps "
            "quantization noise out of soft high frequencies."
        ),
    )
    n_mels: Annotated[int, ChangesLoss()] = Field(80, ge=1, le=512, description="Number of mel bands.")
    tbptt_steps: int = Field(
        256,
        ge=1,
        description=(
            "Steps of truncated back-propagation through time; the state is carried across. Speech needs at least "
            "one second to learn its pauses."
        ),
    )
    state_reset_steps: int = Field(
        4000, ge=1, description="Maximum number of steps over which the state is carried before it is reset."
    )

    def samples_of_step(self, rate_hz: int) -> int:
        """Samples from one step to the next."""
        return self.frame_samples or round(rate_hz * (0.005 if self.frame_features == "samples" else 0.0125))


class FastTierSettings(Section):
    """The tier that samples audio samples."""

    history_samples: Annotated[int, _SAMPLES] = Field(
        20, ge=1, description="Number of previous samples that the fast tier sees, at most one frame."
    )
    fast_hidden_size: Annotated[int, Choices((128, 256, 384)), _SAMPLES] = Field(
        256, ge=1, description="Hidden units of each of the two layers of the fast tier."
    )
    conditioning_size: Annotated[int, _SAMPLES] = Field(
        32,
        ge=1,
        description="Size of the vector by which the recurrent tier conditions the fast tier on each sample position.",
    )
    mixture_components: Annotated[int, _SAMPLES] = Field(
        6, ge=1, le=32, description="Number of logistic components in the output mixture."
    )
    trained_frame_fraction: Annotated[float, _SAMPLES] = Field(
        0.25,
        gt=0,
        le=1,
        description=(
            "Fraction of the frames per batch that the fast tier is trained on, chosen at random; neighbouring "
            "frames are so similar that more batches pay off instead."
        ),
    )


class RegularizationSettings(Section):
    """Regularization against exposure bias."""

    panel: ClassVar[str] = "Training"

    history_noise: Annotated[float, Range(0.0, 2.0), _SAMPLES] = Field(
        1.0,
        ge=0,
        description=(
            "Maximum noise on the previous samples that the network sees in training, in steps of the 256 codes; "
            "targets stay clean. Regularizes against exposure bias."
        ),
    )
    max_gain_db: float = Field(2.0, ge=0, description="Maximum random gain of each training stream per epoch, in dB.")


class AudioRequest(SampledRequest):
    """How to generate sound."""

    length: int | float | str = Field("10s", description="Duration: 10s, 5min, 1h, or 800samples.")
    prime: Any = Field(None, description="Sound file to continue. Default: silence.")
    prob_floor: float = Field(
        0.0, ge=0, description="Subtracted from every probability, so that rarer values are never sampled."
    )
    loudness_temperature: float = Field(
        1.05,
        ge=0,
        description="Temperature of each frame's loudness, relative to --temperature; higher values shorten pauses.",
    )
    streams: int = Field(1, ge=1, le=1024, description="Number of streams to generate in parallel.")


_ORIGIN = {"cell": "lstm", "tbptt_steps": 50, "lr": 1e-3, "ema_decay": 0.0}
"""Defaults of the frames model, a baseline, which keeps its original training settings."""


class AudioSettings(JobSettings):
    """Settings of `echoic train audio`."""

    refused = frozenset({"precision"})

    request_class = AudioRequest

    data: AudioDataSettings = AudioDataSettings()
    split: AudioSplitSettings = AudioSplitSettings()
    sound: SoundSettings = SoundSettings()
    fast: FastTierSettings = FastTierSettings()
    regularization: RegularizationSettings = RegularizationSettings()
    stack: StackSettings = StackSettings(cell="gru", layers=(384,))
    train: TrainSettings = TrainSettings(epochs=40, batch_size=4, lr=2e-3, warmup_fraction=0.0, ema_decay=0.998)

    @classmethod
    def build(cls, *layers: Mapping[str, Any]) -> Self:
        """As for every job; the defaults of the frames model have the lowest precedence."""
        given = {field: value for layer in layers for _, field, value in cls._spread(layer)}
        return super().build(*([_ORIGIN] if given.get("model") == "frames" else []), *layers)
