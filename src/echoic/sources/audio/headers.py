"""What the header of a WAV file says, before the decoder is asked: it would mend some lies without a word."""

import struct
from pathlib import Path

from echoic.errors import DataError

LOWEST_HZ, HIGHEST_HZ = 1_000, 384_000
MOST_CHANNELS = 64

_UNKNOWN = 0xFFFFFFFF
"""What programs write that do not know the size yet, such as into a pipe."""


def check_header(path: Path) -> None:
    """Walks the chunks of a RIFF file up to its sound; other files are left to the decoder.

    Sizes that are unknown throughout, as programs write them into pipes, are no lie.

    Raises:
        DataError: rate or channels cannot be, or sound is declared that is not there.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if len(start) < 12 or start[:4] != b"RIFF" or start[8:] != b"WAVE":
            return
        (riff_bytes,) = struct.unpack("<I", start[4:8])
        while len(head := file.read(8)) == 8:
            kind, declared = struct.unpack("<4sI", head)
            there = size - file.tell()
            if kind == b"data":
                if declared > there and not declared == riff_bytes == _UNKNOWN:
                    raise DataError(
                        f"{path}: declares {declared:,} bytes of sound from byte {file.tell()} on, and {there:,} are "
                        "there; it was cut off or never finished: export it again."
                    )
                return
            if declared > there:
                return
            chunk_begins = file.tell()
            if kind == b"fmt " and declared >= 8:
                _, channels, rate_hz = struct.unpack("<HHI", file.read(8))
                check_format(path, channels, rate_hz)
            file.seek(chunk_begins + declared + declared % 2)


def check_format(path: Path, channels: int, rate_hz: int) -> None:
    """Whether sound of so many channels and samples a second is read.

    Raises:
        DataError: it is not.
    """
    if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise DataError(
            f"{path}: declares {rate_hz:,} samples a second; it must be {LOWEST_HZ:,} to {HIGHEST_HZ:,}: export it "
            "again."
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise DataError(
            f"{path}: declares {channels} channels; it must be 1 to {MOST_CHANNELS}: export it again with fewer."
        )
