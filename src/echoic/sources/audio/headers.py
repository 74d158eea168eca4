"""Checks of file headers before decoding, since the decoder silently accepts some false ones."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, final

from echoic.errors import DataError

MIN_RATE_HZ, MAX_RATE_HZ = 1_000, 384_000
MAX_CHANNELS = 64

_BYTE_ORDER = {b"RIFF": "<", b"RF64": "<", b"RIFX": ">", b"FORM": ">"}
_SOUND_CHUNK = {b"WAVE": b"data", b"AIFF": b"SSND", b"AIFC": b"SSND"}
_UNKNOWN = {0, 0xFFFFFFFF}
"""Sizes written by programs that do not know the size, such as into a pipe."""

_PAGE_BYTES = 27
"""Size of the header of an Ogg page, before its segment table."""


@final
class Streamed(io.FileIO):
    """A WAV file with the size at byte `size_at` replaced by that up to the end of the file."""

    def __init__(self, path: Path, size_at: int) -> None:
        super().__init__(path)
        self._size_at = size_at

    def readinto(self, buffer: Any, /) -> int:
        """Reads into `buffer`, with the replaced size."""
        at = self.tell()
        count = super().readinto(buffer)
        begin, end = max(self._size_at - at, 0), min(self._size_at + 4 - at, count)
        if begin < end:
            memoryview(buffer)[begin:end] = b"\xff" * (end - begin)
        return count


def check_header(path: Path) -> int | None:
    """Checks the chunks of a WAV or AIFF file up to its sound; other files are left to the decoder.

    Files written into pipes, with unknown sizes of file and sound (0 or all ones), are accepted if they have sound. A
    file with a known size but an unknown size of the sound is damaged.

    Returns:
        The position of the size of the sound, if it is unknown.

    Raises:
        DataError: rate or channels are not supported, or the file is shorter than declared.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        form, order = start[:4], _BYTE_ORDER.get(start[:4])
        if order is None or start[8:] not in _SOUND_CHUNK:
            return None
        (form_bytes,) = struct.unpack(f"{order}I", start[4:8])
        long_bytes = 0xFFFFFFFF
        for kind, declared in _chunks(file, order, size):
            if kind == _SOUND_CHUNK[start[8:]]:
                begins = file.tell()
                if form in {b"RIFF", b"RIFX"} and {form_bytes, declared} <= _UNKNOWN:
                    return begins - 4 if size > begins else None
                in_64_bits = form == b"RF64" and declared == 0xFFFFFFFF
                _check_sound(path, long_bytes if in_64_bits else declared, begins, size - begins)
                return None
            if declared > size - file.tell():
                return None
            if kind == b"ds64" and declared >= 16:
                _, long_bytes = struct.unpack("<QQ", file.read(16))
            if kind == b"fmt " and declared >= 8:
                _, channels, rate_hz = struct.unpack(f"{order}HHI", file.read(8))
                check_format(path, channels, rate_hz)
    return None


def _chunks(file: IO[bytes], order: str, size: int) -> Iterator[tuple[bytes, int]]:
    """Kind and declared bytes of each chunk, with the file at its content."""
    while len(head := file.read(8)) == 8:
        kind, declared = struct.unpack(f"{order}4sI", head)
        begins = file.tell()
        yield kind, declared
        file.seek(min(begins + declared + declared % 2, size))


def _check_sound(path: Path, declared: int, begins: int, actual: int) -> None:
    if declared > actual:
        raise DataError(
            f"{path} declares {declared:,} bytes of sound from byte {begins} on, and {actual:,} are there; it was cut "
            "off or never finished: export it again."
        )


def check_format(path: Path | str, channels: int, rate_hz: int) -> None:
    """Checks that the number of channels and the sampling rate are supported.

    Raises:
        DataError: they are not.
    """
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise DataError(
            f"{path} declares a rate of {rate_hz:,} Hz; it must be {MIN_RATE_HZ:,} to {MAX_RATE_HZ:,}: export it again."
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise DataError(
            f"{path} declares {channels} channels; it must be 1 to {MAX_CHANNELS}: export it again with fewer."
        )


def ends_inside_page(path: Path) -> bool:
    """Whether an Ogg file ends inside its last page, which the decoder would silently drop.

    Ogg files declare no length, and their end mark is optional, so only an incomplete page reveals truncation.
    """
    size, at = path.stat().st_size, 0
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            head = file.read(_PAGE_BYTES)
            if not b"OggS".startswith(head[:4]):
                return False
            segments = head[26] if len(head) == _PAGE_BYTES else 0
            at += _PAGE_BYTES + segments + sum(file.read(segments))
    return at > size
