"""Settings shared by the jobs for labelled sequences: spectra, augmentation, convolutions."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from echoic.config.base import Integers, Section
from echoic.config.search import Choices, OnlyWith


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
    """Log mel spectra of sound."""

    panel: ClassVar[str] = "Windows"

    n_mels: int = Field(64, ge=1, le=512, description="Number of mel bands.")
    window_ms: float = Field(32.0, gt=0, description="Window length of a spectrum in milliseconds.")
    hop_ms: float = Field(10.0, gt=0, description="Hop between spectra in milliseconds.")
    low_hz: float = Field(50.0, ge=0, description="Lower edge of the lowest mel band in Hz.")
    high_hz: float | None = Field(
        None, gt=0, description="Upper edge of the highest mel band in Hz. Default: half the sampling rate."
    )
    cache_dir: Annotated[Path | Literal["none"] | None, BeforeValidator(_place_or_none)] = Field(
        None,
        description=(
            "Folder in which spectra are cached, or none to disable the cache. Never changes results; features are "
            "not cached. Default: echoic in the user's cache folder."
        ),
    )


class AugmentSettings(Section):
    """Augmentation of training clips; dev and test stay unchanged."""

    panel: ClassVar[str] = "Windows"

    noise_std: float = Field(
        0.0, ge=0, description="Standard deviation of noise added to the features, relative to theirs."
    )
    max_gain_db: float = Field(0.0, ge=0, description="Maximum random gain of a clip, in dB.")
    max_shift_steps: int = Field(
        0, ge=0, description="Maximum number of steps removed at random from the start of a clip."
    )
    n_time_masks: int = Field(0, ge=0, le=1000, description="Number of time masks per clip (SpecAugment).")
    time_mask_param: Annotated[int, OnlyWith(("n_time_masks",))] = Field(
        20, ge=1, description="Maximum length of a time mask, in steps."
    )
    n_freq_masks: int = Field(0, ge=0, le=1000, description="Number of frequency masks per clip (SpecAugment).")
    freq_mask_param: Annotated[int, OnlyWith(("n_freq_masks",))] = Field(
        8, ge=1, description="Maximum width of a frequency mask, in bands."
    )


_RECURRENT = OnlyWith(("model",), ("recurrent",))
"""Other networks have convolutions of their own, or none."""


class VarySettings(Section):
    """What a training clip could have sounded like instead: faster, higher, elsewhere; dev and test stay unchanged."""

    panel: ClassVar[str] = "Windows"

    excerpt_steps: int | None = Field(
        None,
        ge=1,
        description="Steps of random excerpts, as which longer clips are read. Default: 200 with --live, or whole "
        "clips.",
    )
    max_stretch: float = Field(
        0.0, ge=0, le=1, description="Maximum random change of speed: 0.2 is from 1.2 times slower to 1.2 times faster."
    )
    max_band_shift: float = Field(
        0.0,
        ge=0,
        le=32,
        description="Maximum random shift of sound along the mel bands, as of a higher or lower voice.",
    )
    max_tilt_db: float = Field(
        0.0, ge=0, description="Maximum random change between bands in dB, as of another microphone or room."
    )
    min_snr_db: float | None = Field(
        None,
        ge=0,
        lt=60,
        description=(
            "Lowest ratio in dB of a clip's loudest steps to added steady noise; the highest is 60. Default: "
            "5 with --live, or none."
        ),
    )


class EncoderSettings(Section):
    """Convolutions before the recurrent layers, and their direction."""

    conv_channels: Annotated[
        Integers,
        AfterValidator(_positive),
        Choices(((16, 32), (32, 64)), ("classify",)),
        Choices(((16, 32), (32, 64), (64, 64)), ("detect",)),
        Choices(((16, 32), (32, 64), (32, 64, 64)), ("transcribe",)),
        _RECURRENT,
    ] = Field(
        (),
        description="Output channels of each convolution before the recurrent layers, such as 32,32; empty for none.",
    )
    kernel_size: Annotated[
        int, AfterValidator(_odd), Choices((3, 5, 9), ("transcribe",)), OnlyWith(("conv_channels",)), _RECURRENT
    ] = Field(3, ge=1, description="Kernel size of the convolutions in steps and bands; odd.")
    conv_stride: Annotated[int, OnlyWith(("conv_channels",)), _RECURRENT] = Field(
        1, ge=1, description="Stride in time of the first convolution: input steps per step of the recurrent layers."
    )
    conv_dims: Annotated[Literal[1, 2] | None, OnlyWith(("conv_channels",)), _RECURRENT] = Field(
        None,
        description=(
            "Dimensions of the convolutions. 1: steps; the values of a step are input channels. 2: steps and bands. "
            "Default: 2 for spectra and arrays of bands, otherwise 1."
        ),
    )
    bidirectional: bool = Field(
        default=False,
        description="Read sequences in both directions: more accurate, but the network cannot run live.",
    )
