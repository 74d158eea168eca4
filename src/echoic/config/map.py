"""Settings of the map job."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from echoic.config.audio import AudioSplitSettings, check_channel
from echoic.config.base import JobSettings, Names, Section
from echoic.config.inputs import ON_ERROR, OnError
from echoic.config.model import StackSettings
from echoic.config.search import ChangesLoss, Choices, OnlyWith
from echoic.config.spectrum import Place
from echoic.config.train import TrainSettings

_EXCERPTS = OnlyWith(("batching",), ("excerpts",))
_POINT = OnlyWith(("head",), ("point",))
_ESR = OnlyWith(("loss",), ("esr",))


def _as_text(value: Any) -> Any:
    """A path as text."""
    return str(value) if isinstance(value, Path) else value


class MapDataSettings(Section):
    """How pairs of input and target signals are read."""

    panel: ClassVar[str] = "Data"

    inputs: Names = Field(
        (),
        description=(
            "Tables: columns that go in; default: all but times and targets. Arrays (.npz, .hdf5): names of "
            "the arrays that go in; default: the only one that is no target."
        ),
    )
    targets: Annotated[Names, BeforeValidator(_as_text)] = Field(
        (),
        description=(
            "Tables: columns to predict. Arrays: names of the arrays to predict. Sound: file or folder with the sound "
            "to predict, under the same names as the sound that goes in."
        ),
    )
    dev: Place = Field(None, description="Further data of the same kind to use as the dev split.")
    test: Place = Field(None, description="Further data of the same kind to use as the test split.")
    time: str | None = Field(
        None,
        description=(
            "Tables: column of timestamps. none: steps are counted. Default: the column that holds dates, if there is "
            "one."
        ),
    )
    id: str | None = Field(None, description="Tables: column with the name of the series. Default: one series.")
    decimal: Literal[".", ","] = Field(".", description="Tables: decimal mark of numbers that are text.")
    delimiter: str | None = Field(None, description="CSV files: column separator. Default: detected from the header.")
    encoding: str = Field("utf-8", description="CSV files: text encoding.")
    date_format: str | None = Field(
        None, description="Tables: format of timestamps that are text or numbers, such as %d.%m.%Y. Default: detected."
    )
    gaps: Literal["error", "mask"] = Field(
        "error", description="Tables: missing rows in time. error: stop. mask: insert them as missing values."
    )
    freq: str | None = Field(
        None,
        description="Tables: frequency of the steps as an alias of pandas, such as 15min. Default: that of the rows.",
    )
    time_zone: str | None = Field(
        None, description="Tables: time zone of the timestamps, such as Europe/Berlin. Default: that of the data."
    )
    sort: bool = Field(default=False, description="Tables: sort rows by time; without it, unsorted rows are an error.")
    rate_hz: float | None = Field(
        None,
        gt=0,
        le=1e9,
        description=(
            "Sound: sampling rate of the network; sound at other rates is resampled. Arrays: steps per second, for the "
            "frequencies in the report. Default: that of the first file, or of the times."
        ),
    )
    channel: Annotated[str | int, BeforeValidator(check_channel)] = Field(
        "mix", description="Sound: mix for the mean of all channels, or the number of one channel, from 1."
    )
    on_error: OnError = ON_ERROR


class MapWindowSettings(Section):
    """Warm-up, delay, and truncated back-propagation."""

    panel: ClassVar[str] = "Windows"

    warmup: Annotated[int | None, ChangesLoss()] = Field(
        None,
        ge=0,
        description=(
            "Steps at the beginning of every series that are not scored and not in the loss. Default: 1000, or a "
            "fiftieth of the shortest training series."
        ),
    )
    delay_steps: Annotated[int | None, ChangesLoss()] = Field(
        None,
        ge=-1_000_000,
        le=1_000_000,
        description=(
            "Constant delay of the targets behind the inputs in steps, which is taken out of training and put back in "
            "predictions; below 0, the targets come first. Default: found by cross-correlation in train, below 0 "
            "only for sound."
        ),
    )
    batching: Literal["excerpts", "chunks"] = Field(
        "excerpts",
        description=(
            "excerpts: shuffled excerpts, cut at other places in every epoch, whose first steps warm up the state. "
            "chunks: consecutive chunks with the state carried."
        ),
    )
    tbptt_steps: Annotated[int | None, Choices((128, 256, 512))] = Field(
        None,
        ge=1,
        description="Steps of truncated back-propagation through time. Default: 128, of sound 512, or fewer.",
    )
    burn_in_steps: Annotated[int | None, _EXCERPTS] = Field(
        None,
        ge=0,
        description="Steps before them that only warm up the state of an excerpt. Default: as many, at most 256.",
    )


class MapOutputSettings(Section):
    """The output, its distribution and the loss."""

    skip: Annotated[bool, Choices((True, False))] = Field(
        default=True, description="Linear connection from the input of a step to its output, past the layers."
    )
    head: Annotated[Literal["point", "gaussian", "student_t"], ChangesLoss()] = Field(
        "point", description="point: one value. gaussian, student_t: a distribution, with intervals in predictions."
    )
    loss: Annotated[Literal["mse", "mae", "esr"], ChangesLoss(), _POINT] = Field(
        "mse",
        description=(
            "Loss of the point head. mse, mae: squared or absolute error. esr: error-to-signal ratio after "
            "pre-emphasis, for sound (Wright 2019)."
        ),
    )
    preemphasis: Annotated[float, ChangesLoss(), _ESR] = Field(
        0.95, ge=0, lt=1, description="Coefficient of the first-order pre-emphasis of the esr loss; 0: none."
    )


class MapSettings(JobSettings):
    """Settings of `echoic train map`."""

    refused = frozenset({"scheduled_sampling"})

    data: MapDataSettings = MapDataSettings()
    split: AudioSplitSettings = AudioSplitSettings()
    window: MapWindowSettings = MapWindowSettings()
    output: MapOutputSettings = MapOutputSettings()
    stack: StackSettings = StackSettings(cell="lstm", layers=(64,))
    train: TrainSettings = TrainSettings(epochs=40, batch_size=16, lr=1e-2)
