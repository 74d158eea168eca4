"""Settings of the classify job: its sections, and the fields that only it has."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from echoic.config.audio import Channel
from echoic.config.base import Integers, JobSettings, Names, Section
from echoic.config.data import FractionSplit
from echoic.config.model import StackSettings
from echoic.config.train import TrainSettings


def _absolute(value: Any) -> Any:
    """A run has to find its data from another folder, too."""
    return None if value is None else Path(value).resolve()


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("must be odd")
    return value


Place = Annotated[Path | None, BeforeValidator(_absolute)]


class ClipDataSettings(Section):
    """How clips and their labels are read."""

    audio: Place = Field(
        None, description="Tables: folder that their paths are relative to. Default: the folder of the table."
    )
    file: str | None = Field(None, description="Tables: column of paths. Default: file, path or filename.")
    label: str = Field("label", description="Tables: column of labels.")
    fold: str | None = Field(None, description="Tables: column that names the fold of each clip, for --folds.")
    group: str | None = Field(
        None, description="Tables: column that names what clips share (speaker, recording); no group is on both sides."
    )
    split_column: str = Field("split", description="Tables: column that says train, dev (or valid) or test.")
    labels: Place = Field(None, description="Arrays: a .npy file with the label of each clip.")
    axes: Names = Field((), description="Arrays: what their axes are, in order: clip,band,frame or clip,frame,band.")
    test: Place = Field(None, description="More data of the same kind that are the test part: a .ts file, a folder.")
    rate_hz: int | None = Field(
        None,
        ge=1000,
        le=384_000,
        description="Samples a second to work at; other sound is resampled. Default: that of the first file.",
    )
    channel: Channel = Field("mix", description="mix: the mean of all channels. Or the number of one, from 1.")


class ClipSplitSettings(Section):
    """Which clips are for training, which for dev and which for test."""

    split: FractionSplit | None = Field(
        None,
        description="Shares of train, dev and test; every class and no group is dealt by them. Default: the parts that "
        "the data name, a tenth of train for dev if they name none; else 0.8,0.1,0.1.",
    )
    test_fold: str | None = Field(None, description="The fold that is the test part; a tenth of the rest is dev.")
    folds: int | None = Field(
        None,
        ge=2,
        description="Cross-validation: besides the network that is trained on all clips, one for each fold is trained "
        "on the others (each for as long) and scored on it. Folds are those of --fold; without it clips are dealt.",
    )


class SpectrumSettings(Section):
    """How sound becomes steps: the logarithm of power in mel bands."""

    bands: int = Field(64, ge=1, le=512, description="Mel bands.")
    window_ms: float = Field(32.0, gt=0, description="Length of a spectrum's window.")
    hop_ms: float = Field(10.0, gt=0, description="From one spectrum to the next.")
    low_hz: float = Field(50.0, ge=0, description="Where the lowest band begins.")
    high_hz: float | None = Field(None, gt=0, description="Where the highest band ends. Default: half of the rate.")


class AugmentSettings(Section):
    """What is done to training clips, each time otherwise; dev and test stay as given."""

    noise: float = Field(0.0, ge=0, description="Deviation of noise added to every value, in deviations of the values.")
    gain: float = Field(0.0, ge=0, description="Clips become louder or softer by as much at random, in decibels.")
    shift_steps: int = Field(0, ge=0, description="Up to so many steps are taken off the front of a clip.")
    time_masks: int = Field(0, ge=0, description="Stretches of steps that are set to the mean (SpecAugment).")
    time_mask_steps: int = Field(20, ge=1, description="Longest of those.")
    band_masks: int = Field(0, ge=0, description="Stretches of bands that are set to the mean (SpecAugment).")
    band_mask_bands: int = Field(8, ge=1, description="Widest of those.")


class ClassifierSettings(Section):
    """What stands before and after the recurrent layers."""

    channels: Integers = Field(
        (), description="Outputs of convolutions before the recurrent layers, such as 32,32; none by default."
    )
    kernel: Annotated[int, AfterValidator(_odd)] = Field(
        3, ge=1, description="Steps and bands that a convolution sees, an odd number."
    )
    stride: int = Field(1, ge=1, description="Input steps that make one step of the recurrent layers.")
    bidirectional: bool = Field(default=False, description="Read clips from both ends: better, but not live.")
    pooling: Literal["last", "mean", "attention"] = Field(
        "mean", description="What of the hidden vectors is judged: the last, their mean, or a weighted mean."
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: rare classes count as much as common ones in training."
    )


class ClassifySettings(JobSettings):
    """Everything that `echoic train classify` can be told."""

    data: ClipDataSettings = ClipDataSettings()
    parts: ClipSplitSettings = ClipSplitSettings()
    spectrum: SpectrumSettings = SpectrumSettings()
    augment: AugmentSettings = AugmentSettings()
    network: ClassifierSettings = ClassifierSettings()
    stack: StackSettings = StackSettings(cell="gru", layers=(128,), dropout=0.2)
    train: TrainSettings = TrainSettings(epochs=40, batch_size=32, lr=2e-3)
