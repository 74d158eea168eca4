"""Decoding, mixing and resampling of one sound file, block by block."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from echoic.config.audio import MAX_RATE_RATIO, AudioDataSettings
from echoic.errors import DataError
from echoic.extras import LazyModule
from echoic.sources.audio.headers import Streamed, check_format, check_header, ends_inside_page
from echoic.types import Floats
from echoic.types.annotations import SoundOrigin

if TYPE_CHECKING:
    import soundfile
    import soxr
else:
    soundfile = LazyModule("soundfile")
    soxr = LazyModule("soxr")

MAX_AMPLITUDE = 1e4
"""Larger samples are refused as damaged; full scale is 1."""

CANCELLED_POWER = 0.01
"""Channels cancel out if less than this fraction of their power, -20 dB, is left when they are mixed."""

BLOCK_FRAMES = 1 << 18
"""Samples per channel that are decoded at a time."""

_MAX_FRAMES_PER_BYTE = 8192
"""Upper bound of all codecs: a byte of Vorbis holds up to 4,096 samples, one of FLAC 5,461."""


class DecodedSound(NamedTuple):
    """Samples `(samples,)` at `rate_hz`, and how they were before."""

    samples: Floats
    rate_hz: int
    origin: SoundOrigin


class _Mixture:
    """The power of channels, and of their mean."""

    def __init__(self) -> None:
        self.channels = self.mean = 0.0

    def mix(self, block: Floats) -> Floats:
        """The mean of the channels of samples `(samples, channels)`."""
        mean: Floats = block.mean(1)
        if block.shape[1] > 1:
            self.channels += float(np.vdot(block, block)) / block.shape[1]
            self.mean += float(np.vdot(mean, mean))
        return mean

    @property
    def cancels(self) -> bool:
        return self.mean < CANCELLED_POWER * self.channels


def mixed(samples: Floats) -> tuple[Floats, bool]:
    """The mean of all channels of samples `(samples, channels)`, and whether they nearly cancel out."""
    mixture = _Mixture()
    return np.ascontiguousarray(mixture.mix(samples)), mixture.cancels


class OpenSound(NamedTuple):
    """The blocks `(samples,)` of a file at `rate_hz`, `most_samples` in all at most, and properties of the file.

    `mixture` has the power of what has been read.
    """

    blocks: Iterator[Floats]
    most_samples: int
    rate_hz: int
    file_rate_hz: int
    channels: int
    mixture: _Mixture
    streamed: bool


@contextmanager
def open_sound(path: Path, settings: AudioDataSettings, rate_hz: int | None) -> Iterator[OpenSound]:
    """Opens a file to decode it block by block, at `rate_hz` or at its own rate.

    Raises:
        DataError: the file is missing, damaged, or no sound; the message has the place. Some damage is found only in
            reading the blocks.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; check the name.")
    if not path.stat().st_size:
        raise DataError(f"{path} is empty; export it again.")
    try:
        size_at = check_header(path)
        source = nullcontext(path) if size_at is None else Streamed(path, size_at)
        with source as opened, soundfile.SoundFile(opened) as file:
            target_hz = rate_hz or file.samplerate
            _check_opened(path, file, settings, target_hz)
            most_samples = -(-file.frames * target_hz // file.samplerate)
            mixture = _Mixture()
            blocks = _resampled(_mono(path, file, settings, mixture), file.samplerate, target_hz)
            limited = _limited(path, blocks, most_samples, target_hz)
            channels = file.channels if settings.channel == "mix" else 1
            yield OpenSound(
                limited, most_samples, target_hz, file.samplerate, channels, mixture, streamed=size_at is not None
            )
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check the permissions.") from None
    except soundfile.LibsndfileError as error:
        raise DataError(
            f"{path} is not a readable sound file ({error.error_string.rstrip('.')}); export it as WAV or FLAC."
        ) from None


def decode_file(path: Path, settings: AudioDataSettings, rate_hz: int | None) -> DecodedSound:
    """The sound of a file, at `rate_hz` or at its own rate.

    Raises:
        DataError: the file is missing, damaged, or no sound; the message has the place.
    """
    with open_sound(path, settings, rate_hz) as sound:
        samples, at = _empty(path, sound), 0
        for block in sound.blocks:
            samples[at : at + len(block)] = block
            at += len(block)
        origin = SoundOrigin(sound.file_rate_hz, sound.channels, sound.mixture.cancels, sound.streamed)
        return DecodedSound(samples[:at], sound.rate_hz, origin)


def file_rate_hz(path: Path) -> int | None:
    """The sampling rate in the header of a file; None if it cannot be read."""
    try:
        return int(soundfile.info(path).samplerate)
    except (OSError, soundfile.LibsndfileError):
        return None


def _check_opened(path: Path, file: "soundfile.SoundFile", settings: AudioDataSettings, target_hz: int) -> None:
    check_format(path, file.channels, file.samplerate)
    if isinstance(settings.channel, int) and settings.channel > file.channels:
        raise DataError(f"{path} has {file.channels} channels; choose a --channel other than {settings.channel}.")
    if max(target_hz, file.samplerate) > MAX_RATE_RATIO * min(target_hz, file.samplerate):
        raise DataError(
            f"{path} cannot be resampled from {file.samplerate:,} to {target_hz:,} Hz, a ratio above "
            f"{MAX_RATE_RATIO}; choose another --rate-hz."
        )
    if file.format == "OGG" and ends_inside_page(path):
        raise DataError(
            f"{path} ends inside a page, after {file.frames / file.samplerate:.3f} s; it was cut off: export it again."
        )
    if not file.frames:
        raise DataError(f"{path} has no samples; export it again.")
    size = path.stat().st_size
    if file.frames > size * _MAX_FRAMES_PER_BYTE:
        raise DataError(
            f"{path} declares no length, or one that its {size:,} bytes cannot hold; it was written into a pipe or "
            "damaged: export it again as WAV or FLAC."
        )


def _mono(path: Path, file: "soundfile.SoundFile", settings: AudioDataSettings, mixture: _Mixture) -> Iterator[Floats]:
    """The channel, or the mean of all, block by block."""
    read = 0
    while len(block := _block(path, file)):
        _check_samples(path, block, read, file.samplerate)
        read += len(block)
        yield mixture.mix(block) if settings.channel == "mix" else block[:, int(settings.channel) - 1]
    if read != file.frames:
        raise _truncated(path, file, read)


def _block(path: Path, file: "soundfile.SoundFile") -> Floats:
    """The next samples `(samples, channels)`, none at the end."""
    try:
        block: Floats = file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        raise _truncated(path, file, file.tell()) from None
    return block


def _truncated(path: Path, file: "soundfile.SoundFile", read: int) -> DataError:
    return DataError(
        f"{path} declares {file.frames / file.samplerate:.3f} s of sound and ends after "
        f"{read / file.samplerate:.3f} s; it was cut off or is damaged there: export it again."
    )


def _check_samples(path: Path, block: Floats, before: int, rate_hz: int) -> None:
    # Comparisons with NaN are false, so this finds NaN as well.
    invalid = ~(np.abs(block) <= MAX_AMPLITUDE)
    if invalid.any():
        at, channel = np.argwhere(invalid)[0].tolist()
        raise DataError(
            f"{path}: the sample at {(before + at) / rate_hz:.3f} s in channel {channel + 1} is "
            f"{block[at, channel]:g}, which is no sound; export it again."
        )


def _empty(path: Path, sound: OpenSound) -> Floats:
    """An array for all samples; the system allocates memory only as it is written, so false lengths cost nothing."""
    try:
        return np.empty(sound.most_samples, np.float32)
    except MemoryError:
        raise DataError(
            f"{path} declares {sound.most_samples / sound.rate_hz:,.0f} s of sound, which require "
            f"{4 * sound.most_samples:,} bytes of memory; cut it into several files, or choose a lower --rate-hz."
        ) from None


def _limited(path: Path, blocks: Iterator[Floats], most_samples: int, rate_hz: int) -> Iterator[Floats]:
    """The first `most_samples` samples; resampling may add some. At least one is required."""
    left = most_samples
    for block in blocks:
        yield block[:left]
        left -= len(block[:left])
    if left == most_samples:
        raise DataError(f"{path} is shorter than one sample at {rate_hz:,} Hz; leave it out.")


def _resampled(blocks: Iterator[Floats], from_hz: int, to_hz: int) -> Iterator[Floats]:
    if from_hz == to_hz:
        yield from blocks
        return
    resampler = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
