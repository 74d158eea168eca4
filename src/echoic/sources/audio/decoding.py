"""One file of sound as samples: decoded, mixed and resampled block by block."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from echoic.config.audio import AudioDataSettings
from echoic.errors import DataError
from echoic.sources.audio.headers import check_format, check_header
from echoic.types import Floats

LOUDEST = 1e4
"""Samples beyond this are no sound: full scale is 1."""

_BLOCK_FRAMES = 1 << 18


class Decoded(NamedTuple):
    """Samples `(samples,)` at `rate_hz`, and what the file had."""

    samples: Floats
    rate_hz: int
    file_rate_hz: int
    channels: int


def decoded(path: Path, settings: AudioDataSettings, rate_hz: int | None) -> Decoded:
    """The sound of a file, at `rate_hz` or at its own rate.

    Raises:
        DataError: the file is missing, damaged, or no sound; the message has the place.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; look at the name.")
    if not path.stat().st_size:
        raise DataError(f"{path}: is empty; export it again.")
    check_header(path)
    try:
        with soundfile.SoundFile(path) as file:
            _check_opened(path, file, settings)
            wanted = rate_hz or file.samplerate
            samples = _resampled(_mono(path, file, settings), file.frames, file.samplerate, wanted)
            return Decoded(samples, wanted, file.samplerate, file.channels)
    except soundfile.LibsndfileError as error:
        raise DataError(
            f"{path}: is no sound file that can be read ({error.error_string.rstrip('.')}); export it as WAV or FLAC."
        ) from None


def _check_opened(path: Path, file: soundfile.SoundFile, settings: AudioDataSettings) -> None:
    check_format(path, file.channels, file.samplerate)
    if isinstance(settings.channel, int) and settings.channel > file.channels:
        raise DataError(f"{path}: has {file.channels} channels; choose another --channel than {settings.channel}.")
    if not file.frames:
        raise DataError(f"{path}: has no samples; export it again.")


def _mono(path: Path, file: soundfile.SoundFile, settings: AudioDataSettings) -> Iterator[Floats]:
    """The channel, or the mean of all, block by block."""
    read = 0
    while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        _check_samples(path, block, read, file.samplerate)
        read += len(block)
        yield block.mean(1) if settings.channel == "mix" else block[:, int(settings.channel) - 1]
    if read != file.frames:
        raise DataError(
            f"{path}: declares {file.frames / file.samplerate:.3f} s of sound and ends after "
            f"{read / file.samplerate:.3f} s; it was cut off: export it again."
        )


def _check_samples(path: Path, block: Floats, before: int, rate_hz: int) -> None:
    # A comparison with NaN is false, so this finds what is not a number as well.
    strange = ~(np.abs(block) <= LOUDEST)
    if strange.any():
        at, channel = np.argwhere(strange)[0].tolist()
        raise DataError(
            f"{path}: the sample at {(before + at) / rate_hz:.3f} s in channel {channel + 1} is "
            f"{block[at, channel]:g}, which is no sound; export it again."
        )


def _resampled(blocks: Iterator[Floats], frames: int, from_hz: int, to_hz: int) -> Floats:
    """All blocks in one array, whose length is known beforehand."""
    samples = np.empty(-(-frames * to_hz // from_hz), np.float32)
    at = 0
    for block in blocks if from_hz == to_hz else _stream_resampled(blocks, from_hz, to_hz):
        samples[at : at + len(block)] = block[: len(samples) - at]
        at += len(block)
    return samples[: min(at, len(samples))]


def _stream_resampled(blocks: Iterator[Floats], from_hz: int, to_hz: int) -> Iterator[Floats]:
    resampler = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
