"""Sound as bytes that arrive: raw samples, or a WAV file through a pipe."""

import struct
import warnings
from typing import IO, Any, Literal, NamedTuple, get_args

import numpy as np

from echoic.errors import ConfigError, DataError
from echoic.sources.audio.headers import MAX_CHANNELS, check_format
from echoic.types import Floats

SampleFormat = Literal["u8", "s16", "s32", "f32"]
"""Unsigned 8 bits, signed 16 or 32 bits, or floats with full scale 1; little-endian, as of `arecord` and `ffmpeg`."""

_DTYPES: dict[str, np.dtype[Any]] = {
    "u8": np.dtype("u1"),
    "s16": np.dtype("<i2"),
    "s32": np.dtype("<i4"),
    "f32": np.dtype("<f4"),
}
_FULL_SCALES = {"u8": 128.0, "s16": 32_768.0, "s32": 2.0**31, "f32": 1.0}
_OF_WAV = {(1, 8): "u8", (1, 16): "s16", (1, 32): "s32", (3, 32): "f32"}
_EXTENSIBLE = 0xFFFE
_MAX_HEADER_BYTES = 1 << 20

_FIRST_UNKNOWN_SIZE = 0x7FFF_F000
"""Sizes of sound from here on, and 0, are those of programs that write into a pipe and do not know it."""

_OTHERS = {
    b"RF64": "RF64",
    b"RIFX": "RIFX",
    b"FORM": "AIFF",
    b"fLaC": "FLAC",
    b"OggS": "Ogg",
    b"caff": "CAF",
    b".snd": "AU",
    b"ID3\2": "MP3",
    b"ID3\3": "MP3",
    b"ID3\4": "MP3",
}
"""Formats by their first bytes, which would be noise as raw samples."""


class PcmFormat(NamedTuple):
    """How samples are written; `rate_hz` None: at the rate of the run."""

    sample_format: SampleFormat = "s16"
    channels: int = 1
    rate_hz: int | None = None

    def to_bytes(self, samples: Floats) -> bytes:
        """One channel of samples with full scale 1 in this format; louder ones are clipped."""
        dtype, scale = _DTYPES[self.sample_format], _FULL_SCALES[self.sample_format]
        if dtype.kind == "f":
            return samples.astype(dtype).tobytes()
        offset = scale if self.sample_format == "u8" else 0.0
        rounded = np.rint(np.clip(samples.astype(np.float64), -1, 1) * scale).clip(-scale, scale - 1)
        return (rounded + offset).astype(dtype).tobytes()


class PcmReader:
    """Reads sound from a pipe in blocks of equal duration.

    A WAV header in front says how samples are written; without one, `given` does.

    Args:
        file: the bytes.
        name: of the file, for errors.
        given: how raw samples are written.
        channel: the channel to take, from 1; None: the mean of all.

    Raises:
        ConfigError: the format or the channel is none of those there are.
        DataError: the header is damaged, or the data are of a format that is not read.
    """

    def __init__(self, file: IO[bytes], name: str, given: PcmFormat, channel: int | None) -> None:
        if given.sample_format not in get_args(SampleFormat) or not 1 <= given.channels <= MAX_CHANNELS:
            raise ConfigError(
                f"Raw sound must be {', '.join(get_args(SampleFormat))} with 1 to {MAX_CHANNELS} channels, got "
                f"{given.sample_format!r} with {given.channels}."
            )
        if given.rate_hz is not None and given.rate_hz < 1:
            raise ConfigError(f"Raw sound has at least 1 sample per second, got --rate-hz {given.rate_hz}.")
        self._file = file
        self._name = name
        self._left_bytes: int | None = None
        self._pending = _read(file, 12)
        other = "MP4" if self._pending[4:8] == b"ftyp" else _OTHERS.get(self._pending[:4])
        if other is not None:
            raise DataError(
                f"{name} is {other}, which is not read from a pipe; convert it, as by ffmpeg -i FILE -f wav - | echoic "
                "live RUN."
            )
        is_wav = self._pending[:4] == b"RIFF" and self._pending[8:] == b"WAVE"
        self.format = self._header() if is_wav else given
        if channel is not None and channel > self.format.channels:
            raise ConfigError(f"{name} has {self.format.channels} channels; choose one of them.")
        self._channel = channel

    def read(self, samples: int) -> Floats | None:
        """The next `samples` samples, full scale 1; fewer at the end, and None after it.

        Warns of a part of a sample at the end, which is left out: what comes later from the same source is shifted.
        """
        dtype = _DTYPES[self.format.sample_format]
        frame_bytes = dtype.itemsize * self.format.channels
        data = self._pending
        while len(data) < samples * frame_bytes:
            more = self._more(samples * frame_bytes - len(data))
            if not more:
                break
            data += more
        whole = min(samples, len(data) // frame_bytes) * frame_bytes
        self._pending = data[whole:]
        if not whole:
            if self._pending:
                warnings.warn(
                    f"{self._name} ends inside a sample ({len(self._pending)} of {frame_bytes} bytes), left out. "
                    "Cut raw sound between samples, or it is noise from there on.",
                    stacklevel=2,
                )
                self._pending = b""
            return None
        values = np.frombuffer(data[:whole], dtype).reshape(-1, self.format.channels).astype(np.float32)
        if self.format.sample_format == "u8":
            values -= 128
        values /= _FULL_SCALES[self.format.sample_format]
        return values.mean(1) if self._channel is None else np.ascontiguousarray(values[:, self._channel - 1])

    def _more(self, count: int) -> bytes:
        """Up to `count` bytes of sound; none at its end, after which a WAV file may say other things."""
        if self._left_bytes is None:
            return self._file.read(count)
        more = self._file.read(min(count, self._left_bytes))
        self._left_bytes -= len(more)
        return more

    def _header(self) -> PcmFormat:
        """The format in a WAV header; the file is then at the first sample."""
        found: PcmFormat | None = None
        self._pending = b""
        while True:
            head = _read(self._file, 8)
            if len(head) < 8:
                raise DataError(f"{self._name}: the WAV header ends before the sound; record it again.")
            kind, size = struct.unpack("<4sI", head)
            if kind == b"data":
                self._left_bytes = size if 0 < size < _FIRST_UNKNOWN_SIZE else None
                break
            if size > _MAX_HEADER_BYTES:
                raise DataError(f"{self._name}: the WAV header is damaged; record it again, or send raw samples.")
            content = _read(self._file, size + size % 2)
            if kind == b"fmt ":
                found = self._format(content)
        if found is None:
            raise DataError(f"{self._name}: the WAV header does not say how samples are written; record it again.")
        return found

    def _format(self, content: bytes) -> PcmFormat:
        if len(content) < 16:
            raise DataError(f"{self._name}: the WAV header is damaged; record it again, or send raw samples.")
        code, channels, rate_hz, _, _, bits = struct.unpack("<HHIIHH", content[:16])
        if code == _EXTENSIBLE and len(content) >= 26:
            (code,) = struct.unpack("<H", content[24:26])
        check_format(self._name, channels, rate_hz)
        sample_format = _OF_WAV.get((code, bits))
        if sample_format is None:
            raise DataError(
                f"{self._name}: WAV of {bits} bits and format {code} is not read from a pipe; send 16-bit PCM (for "
                "ffmpeg, -f s16le; for sox, -e signed -b 16)."
            )
        return PcmFormat(sample_format, channels, rate_hz)  # type: ignore[arg-type]


def _read(file: IO[bytes], count: int) -> bytes:
    """As many bytes as there are up to `count`; a pipe may give them in pieces."""
    data = b""
    while len(data) < count and (more := file.read(count - len(data))):
        data += more
    return data
