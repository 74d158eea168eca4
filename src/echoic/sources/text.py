"""Texts as series of code points or bytes, from files, folders and standard input."""

import hashlib
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from echoic.config.text import TextDataSettings
from echoic.errors import DataError
from echoic.sources import STANDARD_INPUT
from echoic.sources.base import Dataset, as_path
from echoic.sources.textfile import MAX_BYTES, decode_text, decompress, read_bytes
from echoic.types import Series

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class TextReport:
    """Counts of the texts; `changed_line_ends` counts CRLF and CR line ends that were converted to LF."""

    files: int
    characters: int
    encoding: str
    bom: bool
    changed_line_ends: int

    @property
    def notes(self) -> tuple[str, ...]:
        """Noteworthy facts, one sentence each."""
        candidates = {
            "A byte order mark was removed.": self.bom,
            f"{self.changed_line_ends:,} line ends (CRLF or CR) were converted to LF.": self.changed_line_ends,
        }
        return tuple(note for note, applies in candidates.items() if applies)

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        return asdict(self) | {"notes": list(self.notes)}


def read(data: Any, settings: TextDataSettings) -> Dataset:
    """Reads every file as a series of code points (or of UTF-8 bytes), float32 `(steps, 1)`.

    Args:
        data: a path, a folder (searched recursively for `.txt` files, sorted), several of both, or `-`: standard input.
        settings: encoding and tokenizer.

    Raises:
        DataError: a file is missing, empty, binary or in another encoding; the message has file, offset and remedy.
        ConfigError: there is no such encoding.
    """
    files = _files(data)
    digest, series, bom, changed = hashlib.sha256(), [], False, 0
    for name, path, raw in files:
        # A single file may be renamed, or come through standard input.
        digest.update(raw if len(files) == 1 else f"{name}\0{len(raw)}\0".encode() + raw)
        text = decode_text(path, decompress(path, raw), settings.encoding)
        bom |= text.startswith("\ufeff")
        lines, ends = _with_line_feeds(text.removeprefix("\ufeff"))
        changed += ends
        series.append(Series(name, _codes(lines, settings.tokenizer)[:, None], ("symbol",), origin=str(path)))
    characters = sum(one.steps for one in series)
    report = TextReport(len(series), characters, settings.encoding, bom, changed)
    return Dataset(tuple(series), report, digest.hexdigest(), _origin(data))


def _files(data: Any) -> list[tuple[str, Path, bytes]]:
    """Name, path and bytes of every file."""
    if data == STANDARD_INPUT:
        raw = _standard_input()
        if not raw:
            raise DataError("standard input is empty; pipe a text into the command.")
        return [("standard input", Path("standard input"), raw)]
    places = data if isinstance(data, list | tuple) else [data]
    found = [(place, path) for place in map(as_path, places) for path in _below(place)]
    return [
        (str(path.relative_to(place)) if path != place else path.name, path, read_bytes(path)) for place, path in found
    ]


def _standard_input() -> bytes:
    """All of standard input, up to the size that a file may have; input without end is refused there."""
    raw = bytearray()
    while block := sys.stdin.buffer.read(_BLOCK_BYTES):
        raw += block
        # A zero byte is no text, unless every character has several bytes.
        if len(raw) > MAX_BYTES or (len(raw) >= _BLOCK_BYTES and raw.count(0, 0, _BLOCK_BYTES) > _BLOCK_BYTES * 0.9):
            raise DataError(
                f"standard input is no text, or more than {MAX_BYTES:,} bytes; save the text in a file, or in several."
            )
    return bytes(raw)


def _below(place: Path) -> list[Path]:
    """The file itself, or the text files of a folder."""
    if not place.is_dir():
        return [place]
    texts = sorted(path for path in place.rglob("*.txt") if path.is_file())
    if not texts:
        raise DataError(f"{place} has no .txt files; name the files, or rename them.")
    return texts


def _origin(data: Any) -> str:
    return ", ".join(map(str, data)) if isinstance(data, list | tuple) else str(data)


def _with_line_feeds(text: str) -> tuple[str, int]:
    """The text with LF line ends, and the number of converted ones."""
    returns = text.count("\r")
    return text.replace("\r\n", "\n").replace("\r", "\n") if returns else text, returns


def _codes(text: str, symbols: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    if symbols == "bytes":
        return np.frombuffer(text.encode(), np.uint8).astype(np.float32)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.float32)
