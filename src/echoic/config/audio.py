"""Settings of the audio job: its sections, and the fields that only it has."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field

from echoic.config.base import JobSettings, Section
from echoic.config.model import StackSettings
from echoic.config.requests import SampledRequest
from echoic.config.split import FractionSplit
from echoic.config.train import TrainSettings


def _check_channel(value: Any) -> str | int:
    """`mix`, or the number of a channel."""
    text = str(value).strip()
    if text == "mix":
        return text
    if text.isdigit() and int(text) >= 1:
        return int(text)
    raise ValueError("must be mix, or the number of a channel (the first is 1)")


class SoundSourceSettings(Section):
    """How sound is read, whatever it is for."""

    rate_hz: int | None = Field(
        None,
        ge=1000,
        le=384_000,
        description="Samples a second to work at; sound at other rates is resampled. Default: that of the first file.",
    )
    channel: Annotated[str | int, BeforeValidator(_check_channel)] = Field(
        "mix", description="mix: the mean of all channels. Or the number of one, from 1."
    )


class AudioDataSettings(SoundSourceSettings):
    """How recordings are read."""


class AudioSplitSettings(Section):
    """How recordings are cut into train, dev and test."""

    split: FractionSplit = Field((0.8, 0.1, 0.1), description="Shares of train, dev and test.")
    split_by: Literal["file", "time"] | None = Field(
        None,
        description="file: whole files go to parts at random, always the same way. time: each file is cut in this "
        "order. Default: file from ten files on.",
    )


class SoundSettings(Section):
    """What a step is, and how the network turns steps into sound."""

    model: Literal["samples", "frames"] = Field(
        "samples",
        description="samples: a slow recurrent tier over frames, and a fast tier that draws sample after sample given "
        "its state. frames: the next frame by mean squared error, as a baseline; LSTM without average, chunks of "
        "50 and a learning rate of 0.001 unless asked otherwise.",
    )
    frame_features: Literal["samples", "spectrum", "mel"] = Field(
        "samples",
        description="What a frame of the frames model is: samples, or the logarithm of its spectrum or of its mel "
        "bands, for which phases are found when sound is made.",
    )
    frame_samples: int | None = Field(
        None,
        ge=1,
        description="Samples from one step of the recurrent tier to the next. Default: 5 ms, which is 80 at 16 kHz; of "
        "spectra 12.5 ms.",
    )
    preemphasis: float = Field(
        0.85,
        ge=0,
        lt=1,
        description="Share of the sample before that is taken off each sample before it becomes a level, and put back "
        "when sound is made: keeps the noise of 256 levels from soft high frequencies. Samples model.",
    )
    n_mels: int = Field(80, ge=1, le=512, description="Mel bands.")
    tbptt_steps: int = Field(
        256,
        ge=1,
        description="Steps that gradients go back; the state is carried further. Speech needs a second of them at "
        "least to learn its pauses.",
    )
    state_reset_steps: int = Field(
        4000, ge=1, description="Steps over which the state is carried at most; then a stream begins without one."
    )

    def samples_of_step(self, rate_hz: int) -> int:
        """Samples from one step to the next."""
        return self.frame_samples or round(rate_hz * (0.005 if self.frame_features == "samples" else 0.0125))


class FastTierSettings(Section):
    """The tier that draws samples."""

    history_samples: int = Field(
        20, ge=1, description="Samples before the one that is drawn that the tier looks at, a frame at most."
    )
    fast_hidden_size: int = Field(256, ge=1, description="Hidden units of each of its two layers.")
    conditioning_size: int = Field(
        32, ge=1, description="Numbers by which the recurrent tier tells it of each sample's place in the frame."
    )
    mixture_components: int = Field(
        6, ge=1, le=32, description="Logistic distributions in the mixture that a sample is drawn from."
    )
    trained_frame_fraction: float = Field(
        0.25,
        gt=0,
        le=1,
        description="Share of the frames of a batch that the fast tier learns from, drawn anew for each; neighbours "
        "say much the same, and the rest of the time is better spent on other batches.",
    )


class RegularizationSettings(Section):
    """What makes a network stand its own mistakes."""

    history_noise: float = Field(
        1.0,
        ge=0,
        description="Noise on the samples that the network looks back on, while those to predict stay clean: largest "
        "deviation in levels of 256. A share of it is drawn anew for each batch: in the slow tier for each stream, in "
        "the fast tier for each frame.",
    )
    max_gain_db: float = Field(
        2.0, ge=0, description="Training streams are made louder or softer by as much at random, each epoch anew."
    )


class AudioRequest(SampledRequest):
    """How to generate sound."""

    length: int | float | str = Field("10s", description="Duration: 10s, 5min, 1h, or 800samples.")
    prime: Any = Field(None, description="Sound file to continue. Default: silence.")
    prob_floor: float = Field(
        0.0, ge=0, description="Subtracted from every probability, so that rarer values are never drawn."
    )
    loudness_temperature: float = Field(
        1.05,
        ge=0,
        description="Temperature of each frame's loudness, relative to --temperature; higher values shorten pauses.",
    )
    streams: int = Field(1, ge=1, le=1024, description="Number of streams generated side by side.")


_ORIGIN = {"cell": "lstm", "tbptt_steps": 50, "lr": 1e-3, "ema_decay": 0.0}
"""How networks of frames were trained where they come from: a baseline has to be what it is a baseline of."""


class AudioSettings(JobSettings):
    """Settings of `echoic train audio`."""

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
        """As for every job; what frames were trained with at their origin counts less than any layer."""
        asked = {field: value for layer in layers for _, field, value in cls._spread(layer)}
        return super().build(*([_ORIGIN] if asked.get("model") == "frames" else []), *layers)
