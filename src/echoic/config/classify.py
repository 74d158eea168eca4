"""Settings of the classify job."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from echoic.config.audio import SoundSourceSettings
from echoic.config.base import ComponentSettings, JobSettings, Names, Section
from echoic.config.model import StackSettings
from echoic.config.search import ChangesLoss, Choices, OnlyWith
from echoic.config.spectrum import AugmentSettings, EncoderSettings, Place, SpectrumSettings, VarySettings
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
    id: str | None = Field(
        None, description="Tables with one row per step: column that names the clip of each row. Default: files."
    )
    features: Names = Field(
        (), description="Tables with one row per step: columns of values. Default: all columns without another role."
    )
    trim: bool | None = Field(
        None,
        description=(
            "Leave out the silence before and after the sound of a clip, as a stream with `pause_s` does. Default: for "
            "sound with --live."
        ),
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
    refit: bool | None = Field(
        None,
        description=(
            "After training, train again on train and dev together, for as many steps. Default: with fewer than 300 "
            "clips, with --live or if neither the data nor `split` define dev."
        ),
    )
    folds: int | None = Field(
        None,
        ge=2,
        description=(
            "Number of folds for cross-validation: trains a network per fold on the other folds, besides the one on "
            "all clips. Folds are those of --fold, or stratified."
        ),
    )


_RECURRENT = OnlyWith(("model",), ("recurrent",))


class ClassifierSettings(Section):
    """The network, pooling and loss."""

    live: Annotated[bool, ChangesLoss()] = Field(
        default=False,
        description=(
            "Defaults for a network that runs live: it reads in one direction and needs no whole clip. Clips of sound "
            "are cut as a stream cuts them, and varied in training so that a few examples suffice."
        ),
    )
    model: Literal["recurrent", "convnet"] = Field(
        "recurrent",
        description=(
            "recurrent: recurrent layers. convnet: four convolutions and a dense layer over clips of equal length, "
            "a baseline."
        ),
    )
    pooling: Annotated[Literal["last", "mean", "attention"], Choices(("mean", "attention")), _RECURRENT] = Field(
        "mean", description="Pooling over time: the last hidden vector, their mean, or an attention-weighted mean."
    )
    clip_norm: Literal["none", "center", "standard"] | None = Field(
        None,
        description=(
            "Normalization of each clip by itself. center: subtract its mean. standard: also divide by its standard "
            "deviation. Default: what varies between the clips of sensor series without depending on the label; none "
            "for spectra."
        ),
    )
    network_weight: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "Weight of the network in the predicted probabilities; the rest is random convolutions with ridge "
            "regression (ROCKET). 1: the network alone. Default: chosen on dev, or by `weight_folds`, for sensor "
            "series with one label per clip; 1 for sound and arrays."
        ),
    )
    weight_folds: int = Field(
        0,
        ge=0,
        description=(
            "Number of folds of train and dev to choose the network's weight by, with a network and random "
            "convolutions per fold, instead of on dev; 0: on dev."
        ),
    )
    class_weight: Annotated[Literal["none", "balanced"], ChangesLoss()] = Field(
        "none", description="balanced: weights classes inversely to their frequency in the loss."
    )


BY_DATA: dict[str, dict[str, Any]] = {
    "spectra": {"layers": (128,), "dropout": 0.2, "lr": 2e-3},
    "series": {
        "conv_channels": (32, 64), "kernel_size": 7, "bidirectional": True, "layers": (64,), "dropout": 0.4, "lr": 3e-3,
        "weight_decay": 0.1,
    },
}  # fmt: skip
"""Defaults for sound (and arrays of bands), and for sensor series; a value set by the user stands."""

LONG_SPECTRA = (16, 32)
"""Default of `conv_channels` for sound (and arrays of bands) whose clips are long, without `live`."""

LIVE: dict[str, dict[str, Any]] = {
    "sound": {
        "pooling": "attention", "class_weight": "balanced", "trim": True, "max_gain_db": 10.0, "excerpt_steps": 200,
        "max_stretch": 0.2, "max_band_shift": 4.0, "max_tilt_db": 3.0, "min_snr_db": 5.0,
    },
    "other": {"bidirectional": False, "clip_norm": "none", "network_weight": 1.0},
}  # fmt: skip
"""Defaults with `live` for sound and for other data, beside those of `BY_DATA`."""

BY_NUMBER = ("batch_size", "epochs", "patience", "conv_stride")
"""Settings whose defaults follow the number of clips, or their length."""


class ClassifySettings(JobSettings):
    """Settings of `echoic train classify`."""

    refused = frozenset({"input_noise_std", "scheduled_sampling"})

    default_depends_on: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys((name for one in LIVE.values() for name in one), "--live"),
        **dict.fromkeys([*(name for one in BY_DATA.values() for name in one), *BY_NUMBER], "the data"),
    }

    component_settings: ClassVar[ComponentSettings] = {
        "encoder": ("conv_channels", "kernel_size", "conv_stride", "conv_dims"),
        "network": ("bidirectional",),
    }
    data: ClipDataSettings = ClipDataSettings()
    split: ClipSplitSettings = ClipSplitSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    augment: AugmentSettings = AugmentSettings()
    vary: VarySettings = VarySettings()
    encoder: EncoderSettings = EncoderSettings()
    network: ClassifierSettings = ClassifierSettings()
    stack: StackSettings = StackSettings()
    train: TrainSettings = TrainSettings()
