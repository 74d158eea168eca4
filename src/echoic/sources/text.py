"""Texts as series of code points or bytes, from files, folders and standard input."""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from echoic.config.text import TextDataSettings
from echoic.errors import DataError
from echoic.sources import STANDARD_INPUT
from echoic.sources.base import Dataset, as_path
from echoic.sources.textfile import MAX_BYTES, decode_text, decompress, read_bytes
from echoic.sources.usable import skipped_notes, usable
from echoic.types import Series

_BLOCK_BYTES = 1 << 20
_BLOCK_CHARACTERS = 1 << 20


@dataclass(frozen=True)
class TextReport:
    """Counts of the texts.

    `changed_line_ends` counts CRLF and CR line ends that were converted to LF; `skipped` has a sentence for each file
    of several that could not be used.
    """

    files: int
    characters: int
    encoding: str
    bom: bool
    changed_line_ends: int
    skipped: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """Noteworthy facts, one sentence each."""
        candidates = {
            "A byte order mark was removed.": self.bom,
            f"{self.changed_line_ends:,} line ends (CRLF or CR) were converted to LF.": self.changed_line_ends,
        }
        return (*(note for note, applies in candidates.items() if applies), *skipped_notes(self.skipped, "Files"))

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        return asdict(self) | {"notes": list(self.notes)}


class TextSeries(NamedTuple):
    """A text as a series, whether it began with a byte order mark, and the number of converted line ends."""

    series: Series
    bom: bool
    changed_line_ends: int

    @classmethod
    def of(cls, name: str, text: str, tokenizer: str, origin: str) -> "TextSeries":
        """The symbols of a text, without a byte order mark and with LF line ends."""
        lines, changed = _with_line_feeds(text.removeprefix("\ufeff"))
        series = Series(name, _codes(lines, tokenizer)[:, None], ("symbol",), origin=origin)
        return cls(series, text.startswith("\ufeff"), changed)


def read(data: Any, settings: TextDataSettings) -> Dataset:
    """Reads every file as a series of code points (or of UTF-8 bytes), float32 `(steps, 1)`.

    Args:
        data: a path, a folder (searched recursively for `.txt` files, sorted), several of both, or `-`: standard input.
        settings: encoding and tokenizer.

    Raises:
        DataError: a file is missing, empty, binary or in another encoding; the message has file, offset and remedy.
        ConfigError: there is no such encoding.
    """
    files, digest = _files(data), hashlib.sha256()

    def text_of(file: tuple[str, Path]) -> TextSeries:
        name, path = file
        raw = _standard_input() if data == STANDARD_INPUT else read_bytes(path)
        text = decode_text(path, decompress(path, raw), settings.encoding)
        # A single file may be renamed, or come through standard input.
        digest.update(raw if len(files) == 1 else f"{name}\0{len(raw)}\0".encode() + raw)
        return TextSeries.of(name, text, settings.tokenizer, str(path))

    texts, skipped = usable(files, text_of, settings.on_error, origin=_origin(data), kind="texts")
    return dataset_of(texts, settings, digest.hexdigest(), _origin(data), skipped)


def dataset_of(
    texts: Sequence[TextSeries],
    settings: TextDataSettings,
    fingerprint: str,
    origin: str,
    skipped: tuple[str, ...] = (),
) -> Dataset:
    """The texts with their counts, and the reasons for `skipped` ones."""
    report = TextReport(
        len(texts),
        sum(one.series.steps for one in texts),
        settings.encoding,
        any(one.bom for one in texts),
        sum(one.changed_line_ends for one in texts),
        skipped,
    )
    return Dataset(tuple(one.series for one in texts), report, fingerprint, origin)


def _files(data: Any) -> list[tuple[str, Path]]:
    """Name and path of every file."""
    if data == STANDARD_INPUT:
        return [("standard input", Path("standard input"))]
    places = data if isinstance(data, list | tuple) else [data]
    found = [(place, path) for place in map(as_path, places) for path in _below(place)]
    return [(str(path.relative_to(place)) if path != place else path.name, path) for place, path in found]


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
    if not raw:
        raise DataError("standard input is empty; pipe a text into the command.")
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
    codes = np.empty(len(text), np.float32)
    for at in range(0, len(text), _BLOCK_CHARACTERS):
        block = text[at : at + _BLOCK_CHARACTERS].encode("utf-32-le", "surrogatepass")
        codes[at : at + _BLOCK_CHARACTERS] = np.frombuffer(block, np.uint32)
    return codes
