"""Texts as series of code points or bytes, from files, folders and standard input."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from echoic.config.text import TextDataSettings
from echoic.errors import DataError
from echoic.sources import STANDARD_INPUT
from echoic.sources.base import Dataset, as_path
from echoic.sources.counts import CountsReport
from echoic.sources.textfile import MAX_BYTES, decode_blocks, decompress, read_bytes
from echoic.sources.usable import usable
from echoic.types import Series

_BLOCK_BYTES = 1 << 20
_MARK = "\ufeff"


@dataclass(frozen=True)
class TextReport(CountsReport):
    """Counts of the texts.

    `changed_line_ends` counts CRLF and CR line ends that were converted to LF; `skipped` has a sentence for each file
    of several that could not be used.
    """

    noun = "Files"

    files: int
    characters: int
    encoding: str
    bom: bool
    changed_line_ends: int
    skipped: tuple[str, ...]

    @property
    def candidates(self) -> Mapping[str, Any]:
        """Sentences, and whether each applies to the data."""
        return {
            "A byte order mark was removed.": self.bom,
            f"{self.changed_line_ends:,} line ends (CRLF or CR) were converted to LF.": self.changed_line_ends,
        }


class TextSeries(NamedTuple):
    """A text as a series, whether it began with a byte order mark, and the number of converted line ends."""

    series: Series
    bom: bool
    changed_line_ends: int

    @classmethod
    def of(cls, name: str, blocks: Iterable[str], most: int, tokenizer: str, origin: str) -> "TextSeries":
        """The symbols of a text without a byte order mark and with LF line ends.

        Args:
            name: that of the series.
            blocks: the text, in pieces of any size.
            most: the largest number of symbols that the text may have.
            tokenizer: `characters` or `bytes`.
            origin: the place that errors name.
        """
        lines, codes = _LineFeeds(), _Codes(most)
        for block in lines.converted(blocks):
            codes.append(_code_points(block, tokenizer))
        return cls(Series(name, codes.finished(), ("symbol",), origin=origin), lines.bom, lines.changed)


def read(data: Any, settings: TextDataSettings) -> Dataset:
    """Reads every file as a series of code points (or of UTF-8 bytes), unsigned integers `(steps, 1)`.

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
        unpacked = decompress(path, raw)
        blocks = decode_blocks(path, unpacked, settings.encoding)
        # No encoding has more characters than bytes; as UTF-8, a byte may become three.
        most = len(unpacked) * (3 if settings.tokenizer == "bytes" else 1)
        text = TextSeries.of(name, blocks, most, settings.tokenizer, str(path))
        # A single file may be renamed, or come through standard input.
        if len(files) > 1:
            digest.update(f"{name}\0{len(raw)}\0".encode())
        digest.update(raw)
        return text

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


class _LineFeeds:
    """Converts line ends to LF and counts them, and removes a byte order mark, block by block."""

    def __init__(self) -> None:
        self.bom = False
        self.changed = 0

    def converted(self, blocks: Iterable[str]) -> Iterator[str]:
        """The text, in blocks that are not empty."""
        first, after_return = True, False
        for whole in blocks:
            if not whole:
                continue
            block = whole
            if first:
                self.bom, first = block.startswith(_MARK), False
                block = block.removeprefix(_MARK)
            if after_return:
                block = block.removeprefix("\n")
            after_return = whole.endswith("\r")
            self.changed += block.count("\r")
            yield block.replace("\r\n", "\n").replace("\r", "\n")


class _Codes:
    """An array that grows up to `most` numbers, in the smallest unsigned integers that hold those so far."""

    def __init__(self, most: int) -> None:
        self._codes: np.ndarray[Any, np.dtype[Any]] = np.empty(most, np.uint8)
        self._length = 0

    def append(self, block: np.ndarray[Any, np.dtype[Any]]) -> None:
        smallest = np.min_scalar_type(int(block.max(initial=0)))
        if smallest.itemsize > self._codes.itemsize:
            wider = np.empty(len(self._codes), smallest)
            wider[: self._length] = self._codes[: self._length]
            self._codes = wider
        self._codes[self._length : self._length + len(block)] = block
        self._length += len(block)

    def finished(self) -> np.ndarray[Any, np.dtype[Any]]:
        """All numbers, `(steps, 1)`; gives back the memory behind them."""
        self._codes.resize(self._length, refcheck=False)
        return self._codes[:, None]


def _code_points(text: str, tokenizer: str) -> np.ndarray[Any, np.dtype[Any]]:
    if tokenizer == "bytes":
        return np.frombuffer(text.encode(), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
