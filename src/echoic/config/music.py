"""Settings of the music job."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from echoic.config.base import ComponentSettings, JobSettings, Section
from echoic.config.grids import grid_step
from echoic.config.inputs import ON_ERROR, OnError
from echoic.config.model import StackSettings
from echoic.config.requests import SampledRequest
from echoic.config.search import ChangesLoss, OnlyWith, Range
from echoic.config.split import SplitRule, check_split
from echoic.config.train import TrainSettings


def _check_grid(value: Any) -> str:
    """A note value, or a number with its unit."""
    text = str(value).strip()
    grid_step(text)
    return text


def _check_pitches(value: Any) -> tuple[int, int] | None:
    """`36-81` as its two ends."""
    if value is None:
        return None
    ends = re.fullmatch(r"(\d+)\s*-\s*(\d+)", value.strip()) if isinstance(value, str) else None
    bounds = ends.groups() if ends else value
    if isinstance(bounds, tuple | list) and len(bounds) == 2:
        low, high = int(bounds[0]), int(bounds[1])
        if 0 <= low <= high <= 127 and high - low >= 11:
            return low, high
    raise ValueError("must be the lowest and the highest MIDI pitch, such as 21-108, at least an octave apart")


def _check_song_split(value: Any) -> SplitRule | None:
    rule = check_split(value)
    if rule is not None and len(rule) != 3:
        raise ValueError("must be three fractions or three numbers of songs")
    return rule


class MusicDataSettings(Section):
    """How songs are read."""

    panel: ClassVar[str] = "Data"

    grid: Annotated[str, BeforeValidator(_check_grid)] = Field(
        "sixteenth",
        description=(
            "Duration of a step: quarter, eighth, sixteenth, thirty-second, or 1/16, 1/32, ...; with T for triplets: "
            "1/8T; 1/48 has room for sixteenths and triplets. Or quarter notes (0.5q), or time (0.1s, 100ms). "
            "Piano-rolls keep their steps; for them it states the duration."
        ),
    )
    pedal: bool = Field(default=True, description="MIDI files: extend notes by the sustain pedal.")
    on_error: OnError = ON_ERROR


class SongSplitSettings(Section):
    """How songs are split into train, dev and test."""

    panel: ClassVar[str] = "Data"

    split: Annotated[tuple[float, float, float] | tuple[int, int, int] | None, BeforeValidator(_check_song_split)] = (
        Field(
            None,
            description=(
                "train,dev,test as fractions (0.8,0.1,0.1) or numbers of songs; songs are assigned at random, always "
                "the same way. Default: the splits in the data; otherwise 0.8,0.1,0.1."
            ),
        )
    )


class PitchSettings(Section):
    """Encoding of a step of music."""

    panel: ClassVar[str] = "Windows"

    transpose: Literal["none", "all", "random"] | None = Field(
        None,
        description=(
            "Transposition of training songs. none: as given. all: every song in all twelve keys per batch. random: "
            "every song in a random key per epoch. Dev and test are never transposed. Default: none for songs in a "
            "common key, otherwise random."
        ),
    )
    pitch_range: Annotated[tuple[int, int] | None, BeforeValidator(_check_pitches), ChangesLoss()] = Field(
        None,
        description=(
            "Lowest and highest MIDI pitch, such as 36-81. Default: 21-108 for chords; for single lines the range "
            "of the training songs in all keys they are trained in."
        ),
    )
    out_of_range: Annotated[Literal["fold", "drop"], ChangesLoss()] = Field(
        "fold",
        description="Notes outside the pitch range. fold: moved by octaves into it. drop: left out. Both are counted.",
    )
    onsets: Annotated[bool | None, ChangesLoss()] = Field(
        None,
        description=(
            "Chords: model note onsets and sustained notes separately. Default: if the songs have onsets (MIDI "
            "files do, piano-rolls do not)."
        ),
    )
    tbptt_steps: int | None = Field(
        None,
        ge=2,
        description=(
            "Steps of truncated back-propagation through time; the state is carried across. Default: whole songs, "
            "up to 512 steps."
        ),
    )


class NotesHeadSettings(Section):
    """The output head."""

    head: Annotated[Literal["categorical", "bernoulli", "joint"] | None, ChangesLoss()] = Field(
        None,
        description=(
            "categorical: one note, hold or rest per step (single lines). bernoulli: independent pitches. joint: "
            "the notes of a chord one after another. Default: categorical for single lines, otherwise joint."
        ),
    )
    chord_hidden_size: Annotated[int, OnlyWith(("head",), ("joint",))] = Field(
        384, ge=1, description="Hidden units of the joint head."
    )
    head_dropout: Annotated[float, Range(0.0, 0.6), OnlyWith(("head",), ("joint",))] = Field(
        0.3, ge=0, lt=1, description="Dropout on the hidden units of the joint head."
    )


class MusicRequest(SampledRequest):
    """How to continue a song."""

    length: int | str = Field("16bars", description="Number of steps, or 8beats, 32bars, 20s.")
    prime: Any = Field(
        None, description="File whose first song is continued. Default: the first bar of a training song."
    )
    keep_prime: bool = Field(default=False, description="Write the prime before the generated music.")


class MusicSettings(JobSettings):
    """Settings of `echoic train music`."""

    refused = frozenset({"input_noise_std"})

    component_settings: ClassVar[ComponentSettings] = {"head": ("head", "chord_hidden_size", "head_dropout")}
    request_class = MusicRequest

    data: MusicDataSettings = MusicDataSettings()
    split: SongSplitSettings = SongSplitSettings()
    pitch: PitchSettings = PitchSettings()
    stack: StackSettings = StackSettings(cell="lstm", layers=(384,), dropout=0.5, input_dropout=0.2)
    output: NotesHeadSettings = NotesHeadSettings()
    train: TrainSettings = TrainSettings(epochs=80, batch_size=16, lr=6e-3)
