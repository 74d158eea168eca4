"""The chunks of a MIDI file, checked before a library reads their contents."""

from pathlib import Path
from typing import NamedTuple

from echoic.errors import DataError

MAX_FILE_BYTES = 2 << 20
"""Enough for a few hundred thousand notes, more than any piece of music."""

_HEADER_BYTES = 14


class Header(NamedTuple):
    """The header; `start` is its position: some files have a wrapper before it."""

    start: int
    kind: int
    tracks: int
    division: int


def check_size(path: Path, raw: bytes) -> None:
    """Raises `DataError` for a file that is too large."""
    if len(raw) > MAX_FILE_BYTES:
        raise DataError(f"{path} has {len(raw):,} bytes, but at most {MAX_FILE_BYTES:,} are supported.")


def read_header(path: Path, raw: bytes) -> Header:
    """The header chunk.

    Raises:
        DataError: the header is missing or truncated, or its type or division is invalid.
    """
    start = raw.find(b"MThd") if raw.startswith(b"RIFF") else 0
    if raw[start : start + 4] != b"MThd":
        raise DataError(f"{path}, byte 0: there is no MThd, so it is not a MIDI file; export it as Standard MIDI.")
    if len(raw) < start + _HEADER_BYTES:
        raise DataError(f"{path}, byte {len(raw)}: the file ends inside its header; copy the file again.")
    numbers = [int.from_bytes(raw[start + at : start + at + 2], "big") for at in (8, 10, 12)]
    header = Header(start, *numbers)
    if header.kind > 2:
        raise DataError(f"{path}, byte {start + 8}: the file has type {header.kind}; supported types are 0, 1 and 2.")
    if header.division == 0:
        raise DataError(f"{path}, byte {start + 12}: the header declares 0 ticks per beat; export it again.")
    return header


def track_chunks(path: Path, raw: bytes, header: Header) -> list[tuple[int, bytes]]:
    """Position and data of each track; other chunks are skipped, as the standard requires.

    Raises:
        DataError: a chunk is longer than the rest of the file, or there is no track.
    """
    at = header.start + 8 + int.from_bytes(raw[header.start + 4 : header.start + 8], "big")
    found = []
    while at + 8 <= len(raw):
        kind, length = raw[at : at + 4], int.from_bytes(raw[at + 4 : at + 8], "big")
        begin = at + 8
        if kind == b"MTrk":
            if begin + length > len(raw):
                raise DataError(
                    f"{path}, byte {at + 4}: the header declares a track of {length:,} bytes, but {len(raw) - begin:,} "
                    "are left; copy the file again."
                )
            found.append((begin, raw[begin : begin + length]))
        at = begin + length
    if not found:
        raise DataError(f"{path}, byte {header.start + _HEADER_BYTES}: there is no track; export it again.")
    return found
