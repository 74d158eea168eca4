"""Settings of the transcribe job."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from echoic.config.audio import SoundSourceSettings
from echoic.config.base import ComponentSettings, JobSettings, Section, split_commas
from echoic.config.model import StackSettings
from echoic.config.search import ChangesLoss, OnlyWith
from echoic.config.spectrum import AugmentSettings, EncoderSettings, Place, SpectrumSettings, VarySettings
from echoic.config.split import FractionSplit
from echoic.config.train import TrainSettings

UnitKind = Literal["characters", "words"]


def _unit_kind_or_list(value: Any) -> Any:
    return value if value in ("characters", "words") else split_commas(value)


class TranscriptDataSettings(SoundSourceSettings):
    """How recordings and their texts are read."""

    panel: ClassVar[str] = "Data"

    audio: Place = Field(
        None, description="Tables: folder that their paths are relative to. Default: the folder of the table."
    )
    file: str | None = Field(None, description="Tables: column of file paths. Default: file, path or filename.")
    text_column: str | None = Field(None, description="Tables: column of texts. Default: text, sentence or transcript.")
    group: str | None = Field(
        None, description="Tables: column with a group, such as speaker; all recordings of a group are in one split."
    )
    split_column: str = Field(
        "split", description="Tables: column with the split of each recording: train, dev (or valid) or test."
    )


class TranscriptSplitSettings(Section):
    """How recordings are split into train, dev and test."""

    panel: ClassVar[str] = "Data"

    split: FractionSplit | None = Field(
        None,
        description=(
            "Fractions of train, dev and test for whole recordings, which are assigned at random, always the same way; "
            "groups are kept together. Default: the splits in the data; otherwise 0.8,0.1,0.1."
        ),
    )


class UnitSettings(Section):
    """The units of texts, and what of a text does not count."""

    panel: ClassVar[str] = "Data"

    units: Annotated[UnitKind | tuple[str, ...], BeforeValidator(_unit_kind_or_list), ChangesLoss()] = Field(
        "characters",
        description=(
            "Units of texts: characters, words, or a list of all there are, such as zero,one,two, which texts have "
            "spaces between."
        ),
    )
    case: Annotated[Literal["keep", "lower"] | None, ChangesLoss()] = Field(
        None,
        description="lower: capital letters count as small ones. Default: lower where training texts have both.",
    )
    punctuation: Annotated[Literal["keep", "drop"], ChangesLoss()] = Field(
        "drop", description="drop: leave punctuation out of texts, but for apostrophes within words."
    )


class CurriculumSettings(Section):
    """What is learned first."""

    panel: ClassVar[str] = "Training"

    short_first: bool = Field(
        default=True,
        description=(
            "Go from short to long recordings in the first epoch: what a short text sounds like is learned first, and "
            "helps to find the units of long ones."
        ),
    )
    early_blanks: Annotated[float, OnlyWith(("bidirectional",), (False,))] = Field(
        0.3,
        ge=0,
        le=1,
        description=(
            "Fraction of training in which the network may not yet write anything in the first half of the time that a "
            "unit of the text takes on average: otherwise a network that reads in one direction learns to write at the "
            "beginning of a recording, before anything can be known. Without effect with --bidirectional."
        ),
    )


_BEAM = OnlyWith(("decoder",), ("beam",))


class DecodingSettings(Section):
    """How texts are found in the network's probabilities."""

    decoder: Literal["beam", "greedy"] = Field(
        "beam",
        description=(
            "beam: search for the most probable text over all its alignments. greedy: the text of the most probable "
            "alignment."
        ),
    )
    beam_size: Annotated[int, _BEAM] = Field(8, ge=1, le=256, description="Number of texts that the search keeps.")
    ngram_order: Annotated[int, _BEAM] = Field(
        5,
        ge=0,
        le=20,
        description=(
            "Order of the n-gram model of the training texts that the search takes into account; 0: none. Its weight "
            "is chosen on dev."
        ),
    )


CONVOLUTIONS = ("conv_channels", "conv_dims", "kernel_size", "conv_stride")

BY_KIND: dict[str, dict[str, Any]] = {
    "morse": {
        "window_ms": 48.0, "max_stretch": 0.15, "max_band_shift": 4.0, "conv_channels": (16, 16, 32), "conv_dims": 2,
        "kernel_size": 5, "conv_stride": 4, "layers": (96,), "dropout": 0.0, "lr": 4e-3,
    },
    "other": {"conv_channels": (16, 32), "layers": (128, 128), "dropout": 0.1, "lr": 3e-3},
}  # fmt: skip
"""Defaults for `synth:morse` (windows as long as short marks, which noise enters least, other pitches and speeds) and
for other recordings; a value set by the user stands."""

BY_DATA = ("batch_size", "n_mels", "low_hz", "high_hz", *BY_KIND["morse"])
"""Settings whose defaults follow the data."""


class TranscribeSettings(JobSettings):
    """Settings of `echoic train transcribe`."""

    refused = frozenset({"input_noise_std", "scheduled_sampling", "max_shift_steps", "excerpt_steps"})

    default_depends_on: ClassVar[Mapping[str, str]] = dict.fromkeys(BY_DATA, "the data")

    component_settings: ClassVar[ComponentSettings] = {
        "encoder": ("conv_channels", "kernel_size", "conv_stride"),
        "network": ("bidirectional",),
    }
    data: TranscriptDataSettings = TranscriptDataSettings()
    split: TranscriptSplitSettings = TranscriptSplitSettings()
    units: UnitSettings = UnitSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    augment: AugmentSettings = AugmentSettings()
    vary: VarySettings = VarySettings()
    encoder: EncoderSettings = EncoderSettings()
    decoding: DecodingSettings = DecodingSettings()
    stack: StackSettings = StackSettings()
    curriculum: CurriculumSettings = CurriculumSettings()
    train: TrainSettings = TrainSettings(epochs=40)
