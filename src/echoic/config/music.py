"""Settings of the music job: its sections, and the fields that only it has."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from echoic.config.base import JobSettings, Section
from echoic.config.model import StackSettings
from echoic.config.requests import SampledRequest
from echoic.config.split import SplitRule, check_split
from echoic.config.train import TrainSettings

GRIDS = {"quarter": 1.0, "eighth": 0.5, "sixteenth": 0.25}
"""Named grids and their step in beats."""


def _check_grid(value: Any) -> str:
    """A name, or seconds such as `0.1`."""
    text = str(value).strip()
    if text in GRIDS or (re.fullmatch(r"\d*\.?\d+", text) and 1e-3 <= float(text) <= 60):
        return text
    raise ValueError(f"must be {', '.join(GRIDS)}, or the length of a step in seconds (0.001 to 60)")


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

    grid: Annotated[str, BeforeValidator(_check_grid)] = Field(
        "sixteenth",
        description="A step in time: quarter, eighth, sixteenth, or a number of seconds. Piano-rolls come with steps "
        "of their own; for them it says how long those are.",
    )
    pedal: bool = Field(default=True, description="Let the sustain pedal lengthen notes, as it sounds.")


class SongSplitSettings(Section):
    """Which songs are for training, which for dev and which for test."""

    split: Annotated[tuple[float, float, float] | tuple[int, int, int] | None, BeforeValidator(_check_song_split)] = (
        Field(
            None,
            description="train,dev,test as fractions (0.8,0.1,0.1) or numbers of songs; songs go to parts at random, "
            "always the same way. Default: the parts that the data come in, else 0.8,0.1,0.1.",
        )
    )


class PitchSettings(Section):
    """How a step of music is written as numbers."""

    transpose: Annotated[Literal["none", "all", "random"], BeforeValidator(str)] = Field(
        "none",
        description="Keys that training songs are heard in. 1: as given. 12: all transpositions of a song in one "
        "batch. random: each song anew in a key at random, every epoch. Dev and test stay as given.",
    )
    pitch_range: Annotated[tuple[int, int] | None, BeforeValidator(_check_pitches)] = Field(
        None,
        description="Lowest and highest MIDI pitch, such as 36-81. Default: the piano's 21-108 for chords; for single "
        "lines what the training songs reach in the keys they are heard in.",
    )
    out_of_range: Literal["fold", "drop"] = Field(
        "fold",
        description="Notes beyond the pitches: fold moves them by octaves to the nearest place inside, drop leaves "
        "them out. Both are counted.",
    )
    onsets: bool | None = Field(
        None,
        description="Chords: tell a note that begins from one that goes on. Default: if the songs do (MIDI files do, "
        "piano-rolls do not).",
    )
    tbptt_steps: int | None = Field(
        None, ge=2, description="Cut training songs into so many steps, the state carried; by default songs are whole."
    )


class NotesHeadSettings(Section):
    """What sits on the hidden vector."""

    head: Literal["categorical", "bernoulli", "joint"] | None = Field(
        None,
        description="categorical: one note, hold or rest a step (single lines). bernoulli: each pitch on its own. "
        "joint: a chord note by note, each given those before it. Default: categorical if no step of the training "
        "songs has two notes, else joint.",
    )
    chord_hidden_size: int = Field(384, ge=1, description="Hidden units of the joint head's network inside the chord.")
    head_dropout: float = Field(0.3, ge=0, lt=1, description="Share of those dropped in training.")


class MusicRequest(SampledRequest):
    """How to continue a song."""

    length: int | str = Field("16bars", description="Number of steps, or 8beats, 32bars, 20s.")
    prime: Any = Field(
        None, description="File whose first song is continued. Default: the first bar of a training song."
    )
    keep_prime: bool = Field(default=False, description="Write the prime before the generated music.")


class MusicSettings(JobSettings):
    """Settings of `echoic train music`."""

    request_class = MusicRequest

    data: MusicDataSettings = MusicDataSettings()
    split: SongSplitSettings = SongSplitSettings()
    pitch: PitchSettings = PitchSettings()
    stack: StackSettings = StackSettings(cell="lstm", layers=(384,), dropout=0.5, input_dropout=0.2)
    output: NotesHeadSettings = NotesHeadSettings()
    train: TrainSettings = TrainSettings(epochs=80, batch_size=16, lr=6e-3)
