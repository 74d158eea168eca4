"""Settings that the jobs for labelled sound share: spectra, augmentation, and what stands before what is told."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from echoic.config.base import Integers, Section


def absolute(value: Any) -> Any:
    """A run has to find its data from another folder, too."""
    return None if value is None else Path(value).resolve()


def _place_or_none(value: Any) -> Any:
    return value if value == "none" else absolute(value)


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError("must be odd")
    return value


def _positive(sizes: tuple[int, ...]) -> tuple[int, ...]:
    if min(sizes, default=1) < 1:
        raise ValueError("must be positive sizes, or nothing for none")
    return sizes


Place = Annotated[Path | None, BeforeValidator(absolute)]


class SpectrumSettings(Section):
    """How sound becomes steps: the logarithm of power in mel bands."""

    n_mels: int = Field(64, ge=1, le=512, description="Mel bands.")
    window_ms: float = Field(32.0, gt=0, description="Length of a spectrum's window.")
    hop_ms: float = Field(10.0, gt=0, description="From one spectrum to the next.")
    low_hz: float = Field(50.0, ge=0, description="Where the lowest band begins.")
    high_hz: float | None = Field(None, gt=0, description="Where the highest band ends. Default: half of the rate.")
    cache_dir: Annotated[Path | Literal["none"] | None, BeforeValidator(_place_or_none)] = Field(
        None,
        description="Folder where spectra are kept, so that they are computed only once; none: nowhere. Default: "
        "echoic in the user's cache folder.",
    )


class AugmentSettings(Section):
    """What is done to training clips, each time otherwise; dev and test stay as given."""

    noise_std: float = Field(
        0.0, ge=0, description="Deviation of noise added to every value, in deviations of the values."
    )
    max_gain_db: float = Field(0.0, ge=0, description="Clips become louder or softer by as much at random.")
    max_shift_steps: int = Field(0, ge=0, description="Up to so many steps are taken off the front of a clip.")
    n_time_masks: int = Field(0, ge=0, description="Stretches of steps that are set to the mean (SpecAugment).")
    time_mask_param: int = Field(20, ge=1, description="Longest of those.")
    n_freq_masks: int = Field(0, ge=0, description="Stretches of bands that are set to the mean (SpecAugment).")
    freq_mask_param: int = Field(8, ge=1, description="Widest of those.")


class EncoderSettings(Section):
    """What stands before the recurrent layers, and which way those read."""

    conv_channels: Annotated[Integers, AfterValidator(_positive)] = Field(
        (), description="Outputs of convolutions before the recurrent layers, such as 32,32; empty for none."
    )
    kernel_size: Annotated[int, AfterValidator(_odd)] = Field(
        3, ge=1, description="Steps and bands that a convolution sees, an odd number."
    )
    conv_stride: int = Field(1, ge=1, description="Input steps that make one step of the recurrent layers.")
    bidirectional: bool = Field(default=False, description="Read clips from both ends: better, but not live.")
