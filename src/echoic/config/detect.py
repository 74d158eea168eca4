"""Settings of the detect job: its sections, and the fields that only it has."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from echoic.config.audio import SoundSourceSettings
from echoic.config.base import JobSettings, Section
from echoic.config.model import StackSettings
from echoic.config.spectrum import AugmentSettings, EncoderSettings, Place, SpectrumSettings, absolute
from echoic.config.split import check_fractions
from echoic.config.train import TrainSettings


def _split(value: Any) -> Any:
    """Three shares, or the place of a table."""
    try:
        return check_fractions(value)
    except ValueError:
        if value is None or isinstance(value, str | Path):
            return None if value is None else str(absolute(value))
        raise


class EventDataSettings(SoundSourceSettings):
    """How recordings and the events in them are read."""

    audio: Place = Field(
        None, description="Folder that the paths in the table are relative to. Default: the folder of the table."
    )
    split: Annotated[tuple[float, float, float] | str | None, BeforeValidator(_split)] = Field(
        None,
        description="A table with the columns file and split (train, dev or valid, test), or shares of train, dev and "
        "test by which whole recordings are dealt. Default: the column split of the events; else 0.8,0.1,0.1.",
    )


class DetectorSettings(Section):
    """How training recordings are cut, and when the network has to have told what it hears."""

    excerpt_s: float = Field(4.0, gt=0, description="Training recordings are cut into excerpts of so many seconds.")
    delay_ms: float = Field(
        0.0, ge=0, description="How long after a moment the network tells of it: what it may wait for to be surer."
    )
    postprocess: bool = Field(
        default=True,
        description="Clean events up (medians, hysteresis, one label for what has no pause, no short ones) in the way "
        "that dev chooses; scores are given with and without.",
    )


class DetectSettings(JobSettings):
    """Everything that `echoic train detect` can be told."""

    data: EventDataSettings = EventDataSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    augment: AugmentSettings = AugmentSettings()
    encoder: EncoderSettings = EncoderSettings(conv_channels=(16, 32))
    detector: DetectorSettings = DetectorSettings()
    stack: StackSettings = StackSettings(cell="gru", layers=(96,), dropout=0.2)
    train: TrainSettings = TrainSettings(epochs=40, batch_size=16, lr=2e-3)
