"""Settings of the classify job."""

from typing import ClassVar, Literal

from pydantic import Field

from echoic.config.audio import SoundSourceSettings
from echoic.config.base import ComponentSettings, JobSettings, Names, Section
from echoic.config.model import StackSettings
from echoic.config.spectrum import AugmentSettings, EncoderSettings, Place, SpectrumSettings
from echoic.config.split import FractionSplit
from echoic.config.train import TrainSettings


class ClipDataSettings(SoundSourceSettings):
    """How clips and their labels are read."""

    panel: ClassVar[str] = "Data"

    audio: Place = Field(
        None, description="Tables: folder that their paths are relative to. Default: the folder of the table."
    )
    file: str | None = Field(None, description="Tables: column of file paths. Default: file, path or filename.")
    label: str = Field("label", description="Tables: column of labels.")
    label_separator: str | None = Field(
        None,
        min_length=1,
        description=(
            "Tables: separator between several labels of a clip, such as ;. Each label is then predicted "
            "independently (multi-label), and a clip may have none. Default: one label per clip."
        ),
    )
    fold: str | None = Field(None, description="Tables: column with the fold of each clip, for --folds.")
    group: str | None = Field(
        None,
        description="Tables: column with a group, such as speaker or recording; all clips of a group are in one split.",
    )
    split_column: str = Field(
        "split", description="Tables: column with the split of each clip: train, dev (or valid) or test."
    )
    labels_path: Place = Field(None, description="Arrays: .npy file with the label of each clip.")
    axes: Names = Field((), description="Arrays: axes of the array in order, such as clip,band,frame.")
    test_data: Place = Field(
        None, description="Further data of the same kind to use as the test split: a .ts file or a folder."
    )


class ClipSplitSettings(Section):
    """How clips are split into train, dev and test."""

    panel: ClassVar[str] = "Data"

    split: FractionSplit | None = Field(
        None,
        description=(
            "Fractions of train, dev and test, stratified by class; groups are kept together. Default: the splits "
            "in the data (without dev, a tenth of train); otherwise 0.8,0.1,0.1."
        ),
    )
    test_fold: str | None = Field(
        None, description="Fold to use as the test split, with --folds; a tenth of the other folds becomes dev."
    )
    folds: int | None = Field(
        None,
        ge=2,
        description=(
            "Number of folds for cross-validation: trains a network per fold on the other folds, besides the one on "
            "all clips. Folds are those of --fold, or stratified."
        ),
    )


class ClassifierSettings(Section):
    """The network, pooling and loss."""

    model: Literal["recurrent", "convnet"] = Field(
        "recurrent",
        description=(
            "recurrent: recurrent layers. convnet: four convolutions and a dense layer over clips of equal length, "
            "a baseline."
        ),
    )
    pooling: Literal["last", "mean", "attention"] = Field(
        "mean", description="Pooling over time: the last hidden vector, their mean, or an attention-weighted mean."
    )
    class_weight: Literal["none", "balanced"] = Field(
        "none", description="balanced: weights classes inversely to their frequency in the loss."
    )


class ClassifySettings(JobSettings):
    """Settings of `echoic train classify`."""

    component_settings: ClassVar[ComponentSettings] = {"encoder": ("conv_channels", "kernel_size", "conv_stride")}
    data: ClipDataSettings = ClipDataSettings()
    split: ClipSplitSettings = ClipSplitSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    augment: AugmentSettings = AugmentSettings()
    encoder: EncoderSettings = EncoderSettings()
    network: ClassifierSettings = ClassifierSettings()
    stack: StackSettings = StackSettings(cell="gru", layers=(128,), dropout=0.2)
    train: TrainSettings = TrainSettings(epochs=40, batch_size=32, lr=2e-3)
