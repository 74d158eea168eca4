"""Text files: decompression within a limit, decoding, normalized line ends."""

import bz2
import codecs
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from echoic.config.base import suggestion
from echoic.errors import ConfigError, DataError

MAX_BYTES = 4 << 30
"""Maximum size of a decompressed file."""

MAX_RATIO = 300
"""Maximum ratio of sizes beyond `BOMB_BYTES`; texts and tables are packed to a tenth, seldom to a hundredth."""

BOMB_BYTES = 256 << 20
"""Decompressed size from which the ratio counts."""

_CHUNK_BYTES = 1 << 20
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_COMPRESSED = (*_OPENERS, ".zst")
_MARK = "\ufeff"
_FOREIGN_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class TextFile:
    """`data` is UTF-8 with LF line ends and no byte order mark; `fingerprint` is of the file as stored."""

    path: Path
    data: bytes
    fingerprint: str
    encoding: str
    bom: bool

    @property
    def name(self) -> str:
        """The file's name without its endings: `ETTh1` for `ETTh1.csv.gz`."""
        path = self.path
        return Path(path.stem).stem if path.suffix.lower() in _COMPRESSED else path.stem


def read_bytes(path: Path) -> bytes:
    """The bytes of a regular file that is not empty.

    Raises:
        DataError: no such file, it is a folder or empty, or it may not be read.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file in it.")
    if not path.exists():
        near = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"{path}: no such file{suggestion(path.name, near) or '; check the path.'}")
    if not path.is_file():
        raise DataError(f"{path} is not a regular file; save the data in one.")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check the permissions.") from None
    if not raw:
        raise DataError(f"{path} is empty; choose another file.")
    return raw


def read_text(path: Path, encoding: str) -> TextFile:
    """Reads, decompresses and decodes a file.

    Raises:
        DataError: the file cannot be read, is damaged, too large, binary or in another encoding.
        ConfigError: there is no such encoding.
    """
    raw = read_bytes(path)
    text = decode_text(path, decompress(path, raw), encoding)
    data = text.removeprefix(_MARK).encode()
    bom = text.startswith(_MARK)
    return TextFile(path, _with_lf(path, data), hashlib.sha256(raw).hexdigest(), _codec(encoding), bom)


def _codec(encoding: str) -> str:
    try:
        b"".decode(encoding)
        return codecs.lookup(encoding).name
    except LookupError:
        raise ConfigError(f"`encoding` must be a text encoding such as utf-8 or latin-1, got {encoding!r}.") from None


def decompress(path: Path, raw: bytes) -> bytes:
    """The decompressed bytes of a file, by its ending; other files unchanged.

    Raises:
        DataError: the file is damaged, empty inside or too large.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".zst":
            data = _zstd_lines(path, len(raw))
        elif suffix in _OPENERS:
            with _OPENERS[suffix](io.BytesIO(raw)) as stream:
                data = _read_limited(path, stream, len(raw))
        else:
            return raw
    except (OSError, EOFError, zlib.error, lzma.LZMAError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path} is truncated or not {suffix} data ({error}); make or copy the file again.") from None
    if not data:
        raise DataError(f"{path} is empty inside; choose another file.")
    return data


def _read_limited(path: Path, stream: IO[bytes], packed_bytes: int) -> bytes:
    data = bytearray()
    while chunk := stream.read(_CHUNK_BYTES):
        data += chunk
        check_size(path, len(data), packed_bytes)
    return bytes(data)


def _zstd_lines(path: Path, packed_bytes: int) -> bytes:
    """Decompresses by polars, because Python 3.11 has no zstd; the separator never occurs in text."""
    lines = pl.scan_csv(
        path, has_header=False, separator="\x1f", quote_char=None, schema={"line": pl.String}, glob=False
    )
    data = bytearray()
    for batch in lines.collect_batches(chunk_size=50_000, lazy=True):
        data += "".join(f"{line}\n" for line in batch["line"].fill_null("")).encode()
        check_size(path, len(data), packed_bytes)
    return bytes(data)


def most_bytes(packed_bytes: int) -> int:
    """The size that a file of `packed_bytes` may unpack to."""
    return min(max(BOMB_BYTES, packed_bytes * MAX_RATIO), MAX_BYTES)


def check_size(path: Path, size: int, packed_bytes: int) -> None:
    """Checks the size that a file of `packed_bytes` unpacks to.

    Raises:
        DataError: it is more than any text or table is packed to, or than there may be.
    """
    if size > BOMB_BYTES and size > packed_bytes * MAX_RATIO:
        raise DataError(
            f"{path} unpacks to more than {MAX_RATIO} times its {packed_bytes:,} bytes; unpack it, and give the file."
        )
    if size > MAX_BYTES:
        raise DataError(f"{path} unpacks to more than {MAX_BYTES:,} bytes; split it into smaller files.")


def decode_text(path: Path, data: bytes, encoding: str) -> str:
    """The text that `data` holds, its byte order mark included.

    Raises:
        DataError: the file is binary or in another encoding; the message has the line and the byte.
        ConfigError: there is no such encoding.
    """
    codec = _checked_codec(path, data, encoding)
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise _undecodable(path, data, codec, error.start) from None


def decode_blocks(path: Path, data: bytes, encoding: str) -> Iterator[str]:
    """As `decode_text`, a block at a time: a text with a single emoji takes four bytes per character as one string."""
    codec = _checked_codec(path, data, encoding)
    decoder = codecs.getincrementaldecoder(codec)()
    for at in range(0, len(data), _CHUNK_BYTES):
        # The decoder keeps the beginning of a character that the last block cut.
        begin = at - len(decoder.getstate()[0])
        try:
            yield decoder.decode(data[at : at + _CHUNK_BYTES], final=at + _CHUNK_BYTES >= len(data))
        except UnicodeDecodeError as error:
            raise _undecodable(path, data, codec, begin + error.start) from None


def _checked_codec(path: Path, data: bytes, encoding: str) -> str:
    """The name of the codec; refuses binary data and byte order marks of other encodings."""
    codec = _codec(encoding)
    wide = codec.startswith(("utf-16", "utf-32"))
    for mark, name in _FOREIGN_MARKS.items():
        if data.startswith(mark) and not wide:
            raise DataError(f"{path} begins with the byte order mark of {name.upper()}; pass --encoding {name}.")
    if not wide and (nul := data.find(b"\0")) >= 0:
        raise DataError(f"{path} is a binary file (a zero byte at offset {nul}), not text; export it as text.")
    return codec


def _undecodable(path: Path, data: bytes, codec: str, offset: int) -> DataError:
    line = data.count(b"\n", 0, offset) + 1
    return DataError(
        f"{path}, line {line}: byte 0x{data[offset]:02x} at offset {offset} is not {codec}; "
        "save the file as UTF-8, or name its encoding where the job has that option, such as --encoding latin-1."
    )


def _with_lf(path: Path, data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    data = data.replace(b"\r\n", b"\n")
    stray = data.find(b"\r")
    if stray >= 0 and b"\n" not in data.strip():
        raise DataError(f"{path}: its lines end with CR alone; save it with LF or CRLF line ends.")
    if stray >= 0:
        line = data.count(b"\n", 0, stray) + 1
        raise DataError(f"{path}, line {line}: carriage return inside the line; save it with LF line ends.")
    return data
