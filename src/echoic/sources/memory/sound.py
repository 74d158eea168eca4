"""Sound in memory: samples at one rate, checked, mixed and resampled as those of files are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from echoic.config.audio import MAX_RATE_RATIO, AudioDataSettings, SoundSourceSettings
from echoic.errors import DataError
from echoic.extras import LazyModule
from echoic.sources.audio import report_of
from echoic.sources.audio.decoding import MAX_AMPLITUDE, DecodedSound, mixed
from echoic.sources.audio.headers import MAX_CHANNELS
from echoic.sources.base import Dataset, fingerprint_of_annotated
from echoic.sources.memory import ORIGIN, Recordings, as_array, as_items, is_array
from echoic.types import Annotations, Floats, Series
from echoic.types.annotations import SoundOrigin

if TYPE_CHECKING:
    import soxr
else:
    soxr = LazyModule("soxr")

_FULL_SCALES = {"uint8": 128.0, "int16": 32_768.0, "int32": 2.0**31}


def read(data: Any, settings: AudioDataSettings) -> Dataset:
    """Reads every array as samples, float32 `(samples, 1)`, at the rate of the settings.

    Raises:
        DataError: an array is no sound, or no rate is given.
    """
    sounds = decoded(data, settings)
    series = series_of(sounds, [Annotations() for _ in sounds])
    return Dataset(tuple(series), report_of(series, ()), fingerprint_of_annotated(series), ORIGIN)


def decoded(data: Any, settings: SoundSourceSettings) -> list[DecodedSound]:
    """The recordings of arrays `(samples,)` or `(samples, channels)`, or of `Recordings`, in order.

    Raises:
        DataError: an array is no sound, or no rate is given.
    """
    recordings = data if isinstance(data, Recordings) else Recordings(data)
    values = recordings.values
    arrays = [as_array(values, ORIGIN)] if is_one(values) else as_items(values, ORIGIN)
    return [
        decode_array(array, recordings.rate_hz, settings, f"{ORIGIN}, recording {number}")
        for number, array in enumerate(arrays)
    ]


def is_one(values: Any) -> bool:
    """Whether `values` is the array of a single recording."""
    return is_array(values) and getattr(values, "ndim", 0) <= 2 and getattr(values, "dtype", None) != np.dtype("O")


def series_of(sounds: Sequence[DecodedSound], annotations: Sequence[Annotations]) -> list[Series]:
    """A series for each sound; `annotations` are completed by its rate."""
    return [
        Series(
            f"recording {number}",
            sound.samples[:, None],
            ("sample",),
            origin=f"{ORIGIN}, recording {number}",
            annotations=Annotations(rate_hz=sound.rate_hz, events=one.events, split=one.split, sound=sound.origin),
        )
        for number, (sound, one) in enumerate(zip(sounds, annotations, strict=True))
    ]


def decode_array(values: NDArray[Any], rate_hz: int | None, settings: SoundSourceSettings, place: str) -> DecodedSound:
    """The samples of an array `(samples,)` or `(samples, channels)` at `rate_hz`, or by default at the settings' rate.

    Raises:
        DataError: it is no sound, or no rate is given.
    """
    own_hz = rate_hz or settings.rate_hz
    if own_hz is None:
        raise DataError(f"{place} has no sampling rate; pass `rate_hz`, the number of samples per second.")
    if values.ndim not in (1, 2) or not values.size:
        raise DataError(f"{place} must be (samples,) or (samples, channels), got the shape {values.shape}.")
    samples = _full_scale(values, place).reshape(len(values), -1)
    channels = samples.shape[1]
    if channels > MAX_CHANNELS:
        raise DataError(f"{place} has {channels} channels of {len(samples)} samples; transpose it to samples first.")
    _check_samples(samples, place, own_hz)
    target_hz = settings.rate_hz or own_hz
    mono, cancels = _one_channel(samples, settings, place)
    return DecodedSound(
        _resampled(mono, own_hz, target_hz, place),
        target_hz,
        SoundOrigin(own_hz, channels if settings.channel == "mix" else 1, cancels=cancels),
    )


def _full_scale(values: NDArray[Any], place: str) -> Floats:
    """Samples with a full scale of 1, as files have them."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    scale = _FULL_SCALES.get(values.dtype.name)
    if scale is None:
        kinds = ", ".join(_FULL_SCALES)
        raise DataError(f"{place} has samples of type {values.dtype}; give floats with full scale 1, or {kinds}.")
    offset = scale if values.dtype.kind == "u" else 0.0
    return np.asarray((values - offset) / scale, np.float32)


def _check_samples(samples: Floats, place: str, rate_hz: int) -> None:
    # Comparisons with NaN are false, so this finds NaN as well.
    invalid = ~(np.abs(samples) <= MAX_AMPLITUDE)
    if invalid.any():
        at, channel = np.argwhere(invalid)[0].tolist()
        raise DataError(
            f"{place}: the sample at {at / rate_hz:.3f} s in channel {channel + 1} is {samples[at, channel]:g}, which "
            "is no sound; correct it."
        )


def _one_channel(samples: Floats, settings: SoundSourceSettings, place: str) -> tuple[Floats, bool]:
    """The channel, or the mean of all, and whether they cancel out."""
    if settings.channel == "mix":
        return mixed(samples)
    if int(settings.channel) > samples.shape[1]:
        raise DataError(f"{place} has {samples.shape[1]} channels; choose a `channel` other than {settings.channel}.")
    return np.ascontiguousarray(samples[:, int(settings.channel) - 1]), False


def _resampled(samples: Floats, from_hz: int, to_hz: int, place: str) -> Floats:
    if from_hz == to_hz:
        return samples
    if max(from_hz, to_hz) > MAX_RATE_RATIO * min(from_hz, to_hz):
        raise DataError(
            f"{place} cannot be resampled from {from_hz:,} to {to_hz:,} Hz, a ratio above {MAX_RATE_RATIO}; choose "
            "another `rate_hz`."
        )
    resampled: Floats = soxr.resample(samples, from_hz, to_hz, quality="HQ")
    if not len(resampled):
        raise DataError(f"{place} is shorter than one sample at {to_hz:,} Hz; leave it out.")
    return resampled
