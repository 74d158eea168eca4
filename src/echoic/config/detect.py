"""Settings of the detect job."""

from typing import ClassVar

from pydantic import Field

from echoic.config.audio import SoundSourceSettings
from echoic.config.base import ComponentSettings, JobSettings, Names, Section
from echoic.config.model import StackSettings
from echoic.config.spectrum import AugmentSettings, EncoderSettings, Place, SpectrumSettings
from echoic.config.split import FractionSplit
from echoic.config.train import TrainSettings


class EventDataSettings(SoundSourceSettings):
    """How recordings and their events are read."""

    panel: ClassVar[str] = "Data"

    audio: Place = Field(
        None, description="Folder that the paths in the table are relative to. Default: the folder of the table."
    )
    split_table: Place = Field(
        None,
        description=(
            "Table with the columns file and split (train, dev or valid, test), also of files without an event. "
            "Default: the column split of the events table, if there is one."
        ),
    )
    label: str = Field(
        "label",
        description=(
            "Column with the label of each event, or of each row of tables with one row per step, empty without an "
            "event. Default: also the names of other tools."
        ),
    )
    id: str | None = Field(
        None, description="Tables with one row per step: column that names the recording of each row. Default: one."
    )
    features: Names = Field(
        (), description="Tables with one row per step: columns of values. Default: all columns without another role."
    )
    step_rate_hz: float | None = Field(
        None,
        gt=0,
        description=(
            "Tables with one row per step: rows per second. Default: that of a column of dates; without one, times "
            "count rows."
        ),
    )


class RecordingSplitSettings(Section):
    """How recordings are split into train, dev and test."""

    panel: ClassVar[str] = "Data"

    split: FractionSplit | None = Field(
        None,
        description=(
            "Fractions of train, dev and test for whole recordings, which are assigned at random, always the same way. "
            "Default: the splits in the data; otherwise 0.8,0.1,0.1."
        ),
    )


class DetectorSettings(Section):
    """Training excerpts, output delay, overlapping events and post-processing."""

    excerpt_s: float = Field(
        4.0,
        gt=0,
        description="Length of training excerpts in seconds. Default of tables with one row per step: 32 to 256 rows.",
    )
    delay_ms: float = Field(
        0.0,
        ge=0,
        description="Output delay in ms: how much future context the network sees before it predicts a frame.",
    )
    overlap: bool | None = Field(
        None,
        description=(
            "Detect each label by itself, so that several are active at once; otherwise one at a time. Default: where "
            "events of the training split overlap for more than 1 % of their time."
        ),
    )
    postprocess: bool = Field(
        default=True,
        description=(
            "Post-process the predicted events (median filter, hysteresis, one label per event, minimum duration) "
            "with parameters chosen on dev; scores are given with and without."
        ),
    )


class DetectSettings(JobSettings):
    """Settings of `echoic train detect`."""

    refused = frozenset({"input_noise_std", "scheduled_sampling", "max_shift_steps"})

    component_settings: ClassVar[ComponentSettings] = {"encoder": ("conv_channels", "kernel_size", "conv_stride")}
    data: EventDataSettings = EventDataSettings()
    split: RecordingSplitSettings = RecordingSplitSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    augment: AugmentSettings = AugmentSettings()
    encoder: EncoderSettings = EncoderSettings(conv_channels=(16, 32))
    detector: DetectorSettings = DetectorSettings()
    stack: StackSettings = StackSettings(cell="gru", layers=(96,), dropout=0.2)
    train: TrainSettings = TrainSettings(epochs=40, batch_size=16, lr=2e-3)
