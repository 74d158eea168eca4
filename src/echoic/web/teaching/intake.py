"""Uploads become examples: one sound file, or a zip of many."""

import asyncio
import zipfile
import zlib
from collections.abc import AsyncIterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple, final

from echoic.errors import DataError
from echoic.sources.audio import ENDINGS
from echoic.web.teaching.conversion import Converter, Keep, convert
from echoic.web.teaching.names import class_name
from echoic.web.teaching.store import ExampleStore
from echoic.write_errors import NO_SPACE, cannot_be_written

UPLOAD_S = 300
"""How long an upload may take to come."""

_UPLOADS = 4
"""Uploads at once; others wait, so that they do not fill the disk."""

UPLOAD_BYTES = 1 << 26
UNPACKED_BYTES = 1 << 28
"""Most bytes of an upload, and of all files in a zip."""

MOST_EXAMPLES = 2000
"""Of all classes together."""

_BLOCK_BYTES = 1 << 18
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What `zipfile` raises for archives that are damaged, encrypted, or packed in a way that it does not know."""


class Added(NamedTuple):
    """The number of examples made of an upload, and a sentence for each file that was skipped."""

    added: int
    skipped: tuple[str, ...]


class _File(NamedTuple):
    """A file to convert: where it is, its name for messages, and the class that it belongs to."""

    path: Path
    name: str
    class_name: str


@final
class Intake:
    """Adds uploads to the examples."""

    def __init__(self, store: ExampleStore, converter: Converter) -> None:
        self._store = store
        self._converter = converter
        self._room = asyncio.Semaphore(_UPLOADS)

    async def add(self, body: AsyncIterable[bytes], file_name: str, into: str | None, *, keep: Keep) -> Added:
        """Converts the sound in an upload.

        Args:
            body: the bytes of a sound file, or of a zip.
            file_name: its name on the client's side; only its ending matters, and how examples are named.
            into: the class; None: the folders in the zip are the classes, and are made if they are new.
            keep: see `convert`.

        Raises:
            DataError: the upload is too large, is a damaged zip, or has no class.
        """
        if into is not None and into not in self._store.classes:
            raise DataError(f"There is no class {into:.60}.")
        async with self._room:
            return await self._add(body, file_name, into, keep=keep)

    async def _add(self, body: AsyncIterable[bytes], file_name: str, into: str | None, *, keep: Keep) -> Added:
        with self._store.incoming() as folder:
            upload = Path(folder) / f"upload{_ending(file_name)}"
            try:
                async with asyncio.timeout(UPLOAD_S):
                    await _receive(body, upload)
            except TimeoutError:
                raise DataError(f"{file_name:.60} took more than {UPLOAD_S} s to come; send it again.") from None
            is_zip = await asyncio.to_thread(zipfile.is_zipfile, upload)
            if not is_zip and into is None:
                raise DataError(f"{file_name:.60} belongs to no class; drop it on one.")
            if is_zip:
                files, skipped = await asyncio.to_thread(_unpacked, upload, file_name, into, Path(folder))
            else:
                files, skipped = [_File(upload, f"{file_name:.100}", into or "")], []
            return await self._convert(files, skipped, Path(folder), keep=keep)

    async def _convert(self, files: list[_File], skipped: list[str], folder: Path, *, keep: Keep) -> Added:
        room = MOST_EXAMPLES - sum(len(self._store.examples(name)) for name in self._store.classes)
        added = 0
        for path, name, into in files:
            if added >= room:
                skipped.append(f"There is room for {MOST_EXAMPLES:,} examples; the others were left out.")
                break
            try:
                for made in await self._converter.call(convert, path, name, folder, keep=keep):
                    self._store.place(made, self._known(into), name)
                    added += 1
            except DataError as error:
                skipped.append(str(error) if name in str(error) else f"{name}: {error}")
        return Added(added, tuple(skipped))

    def _known(self, name: str) -> str:
        """The class of this name, whatever its case; it is made if it is new."""
        same = {one.lower(): one for one in self._store.classes}
        return same.get(name.lower()) or self._store.add_class(name)


async def _receive(body: AsyncIterable[bytes], path: Path) -> None:
    """Writes the upload to a file.

    Raises:
        DataError: it is too large, or cannot be written.
    """
    size = 0
    try:
        with path.open("wb") as file:
            async for block in body:
                size += len(block)
                if size > UPLOAD_BYTES:
                    raise DataError(f"Uploads have at most {UPLOAD_BYTES >> 20} MB; send smaller parts.")
                file.write(block)
    except OSError as error:
        raise DataError(f"{cannot_be_written(path.parent.parent, error)}.") from None


def _ending(file_name: str) -> str:
    """The ending of a known kind of sound; none for any other."""
    ending = PurePosixPath(file_name).suffix.lower()
    return ending if ending in ENDINGS else ""


def _unpacked(archive: Path, name: str, into: str | None, folder: Path) -> tuple[list[_File], list[str]]:
    """The files of a zip, unpacked under names of our own, and sentences on those left out.

    Raises:
        DataError: it is damaged, unpacks to too much, or there is no space for it.
    """
    files, skipped, left = list[_File](), list[str](), UNPACKED_BYTES
    try:
        with zipfile.ZipFile(archive) as opened:
            for number, entry in enumerate(_sounds(opened, skipped)):
                inner = PurePosixPath(entry.filename)
                belongs = into if into is not None else _class_of(inner, skipped)
                if belongs is None:
                    continue
                path = folder / f"{number}{inner.suffix.lower()}"
                left = _unpack(opened, entry, path, left)
                files.append(_File(path, f"{inner.name:.100}", belongs))
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise DataError(f"{cannot_be_written(folder.parent, error)}.") from None
        remedy = "send smaller parts" if isinstance(error, DataError) else "zip it again"
        raise DataError(f"{name:.60} cannot be unpacked ({str(error) or type(error).__name__}); {remedy}.") from None
    if not files and not skipped:
        skipped.append(f"{name:.60} has no files.")
    return files, skipped


def _sounds(opened: zipfile.ZipFile, skipped: list[str]) -> Iterator[zipfile.ZipInfo]:
    """The entries that may be sound; others are named, but for those that systems hide."""
    for entry in opened.infolist():
        parts = PurePosixPath(entry.filename).parts
        if entry.is_dir() or any(part.startswith(".") or part == "__MACOSX" for part in parts):
            continue
        if PurePosixPath(entry.filename).suffix.lower() in ENDINGS:
            yield entry
        else:
            skipped.append(f"{parts[-1]:.100} is no sound file.")


def _class_of(inner: PurePosixPath, skipped: list[str]) -> str | None:
    """The folder of an entry, as the name of a class; None if there is none."""
    try:
        if inner.parent.name:
            return class_name(inner.parent.name)
        skipped.append(f"{inner.name:.100} is in no folder of a class.")
    except DataError as error:
        skipped.append(str(error))
    return None


def _unpack(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int) -> int:
    """Unpacks an entry block by block, since sizes in headers may be false; the bytes that are left for others."""
    with opened.open(entry) as packed, path.open("wb") as file:
        while block := packed.read(_BLOCK_BYTES):
            left -= len(block)
            if left < 0:
                raise DataError(f"it has more than {UNPACKED_BYTES >> 20} MB")
            file.write(block)
    return left
