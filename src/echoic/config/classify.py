"""Settings of the classify job: its sections, and the fields that only it has."""

from typing import Literal

from pydantic import Field

from echoic.config.audio import SoundSourceSettings
from echoic.config.base import JobSettings, Names, Section
from echoic.config.model import StackSettings
from echoic.config.spectrum import AugmentSettings, EncoderSettings, Place, SpectrumSettings
from echoic.config.split import FractionSplit
from echoic.config.train import TrainSettings


class ClipDataSettings(SoundSourceSettings):
    """How clips and their labels are read."""

    audio: Place = Field(
        None, description="Tables: folder that their paths are relative to. Default: the folder of the table."
    )
    file: str | None = Field(None, description="Tables: column of paths. Default: file, path or filename.")
    label: str = Field("label", description="Tables: column of labels.")
    label_separator: str | None = Field(
        None,
        min_length=1,
        description="Tables: what stands between the labels of a clip that has several, such as ;. Every label is then "
        "told on its own, and a clip may have none. Default: one label a clip.",
    )
    fold: str | None = Field(None, description="Tables: column that names the fold of each clip, for --folds.")
    group: str | None = Field(
        None, description="Tables: column that names what clips share (speaker, recording); no group is on both sides."
    )
    split_column: str = Field("split", description="Tables: column that says train, dev (or valid) or test.")
    labels_path: Place = Field(None, description="Arrays: a .npy file with the label of each clip.")
    axes: Names = Field((), description="Arrays: what their axes are, in order: clip,band,frame or clip,frame,band.")
    test_data: Place = Field(
        None, description="More data of the same kind that are the test part: a .ts file, a folder."
    )


class ClipSplitSettings(Section):
    """Which clips are for training, which for dev and which for test."""

    split: FractionSplit | None = Field(
        None,
        description="Shares of train, dev and test; every class and no group is dealt by them. Default: the parts that "
        "the data name, a tenth of train for dev if they name none; else 0.8,0.1,0.1.",
    )
    test_fold: str | None = Field(
        None, description="Of the --folds, the one that is the test part; a tenth of the rest is dev."
    )
    folds: int | None = Field(
        None,
        ge=2,
        description="Cross-validation: besides the network that is trained on all clips, one for each fold is trained "
        "on the others (each for as long) and scored on it. Folds are those of --fold; without it clips are dealt.",
    )


class ClassifierSettings(Section):
    """What kind of network it is, and what stands after the recurrent layers."""

    model: Literal["recurrent", "convnet"] = Field(
        "recurrent",
        description="recurrent: layers that remember. convnet: four convolutions and a dense layer over whole clips of "
        "one length, as a baseline.",
    )
    pooling: Literal["last", "mean", "attention"] = Field(
        "mean", description="What of the hidden vectors is judged: the last, their mean, or a weighted mean."
    )
    class_weight: Literal["none", "balanced"] = Field(
        "none", description="balanced: rare classes count as much as common ones in training."
    )


class ClassifySettings(JobSettings):
    """Everything that `echoic train classify` can be told."""

    data: ClipDataSettings = ClipDataSettings()
    split: ClipSplitSettings = ClipSplitSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    augment: AugmentSettings = AugmentSettings()
    encoder: EncoderSettings = EncoderSettings()
    network: ClassifierSettings = ClassifierSettings()
    stack: StackSettings = StackSettings(cell="gru", layers=(128,), dropout=0.2)
    train: TrainSettings = TrainSettings(epochs=40, batch_size=32, lr=2e-3)
