"""Settings of the detect job."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

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
    """How recordings and their events are read."""

    panel: ClassVar[str] = "Data"

    audio: Place = Field(
        None, description="Folder that the paths in the table are relative to. Default: the folder of the table."
    )
    split: Annotated[tuple[float, float, float] | str | None, BeforeValidator(_split)] = Field(
        None,
        description=(
            "Table with the columns file and split (train, dev or valid, test), or fractions of train, dev and test "
            "for whole recordings. Default: the column split of the events table; otherwise 0.8,0.1,0.1."
        ),
    )


class DetectorSettings(Section):
    """Training excerpts, output delay and post-processing."""

    excerpt_s: float = Field(4.0, gt=0, description="Length of training excerpts in seconds.")
    delay_ms: float = Field(
        0.0,
        ge=0,
        description="Output delay in ms: how much future context the network sees before it predicts a frame.",
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

    data: EventDataSettings = EventDataSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    augment: AugmentSettings = AugmentSettings()
    encoder: EncoderSettings = EncoderSettings(conv_channels=(16, 32))
    detector: DetectorSettings = DetectorSettings()
    stack: StackSettings = StackSettings(cell="gru", layers=(96,), dropout=0.2)
    train: TrainSettings = TrainSettings(epochs=40, batch_size=16, lr=2e-3)
