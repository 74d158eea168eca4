"""Names of classes and examples, which become those of folders and files."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from echoic.errors import DataError
from echoic.sources.clips.splits import SPLIT_NAMES

MOST_CHARACTERS = 40

_PLAIN = re.compile(r"\w(?:[\w -]*\w)?")
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
"""Names that Windows keeps for devices."""


def class_name(name: str, others: Iterable[str] = ()) -> str:
    """A name of a class that can be one of a folder, without spaces around it.

    Raises:
        DataError: it cannot, or another class has it.
    """
    name = name.strip()
    if not _is_plain(name):
        raise DataError(
            f"`{name:.60}` cannot be the name of a class; use 1 to {MOST_CHARACTERS} letters, digits, spaces, - and _."
        )
    if name.lower() in SPLIT_NAMES:
        raise DataError(f"`{name}` is the name of a part of the data, not of a class; choose another one.")
    if name.lower() in map(str.lower, others):
        raise DataError(f"There is a class {name} already; choose another name.")
    return name


def stem(file_name: str) -> str:
    """A name for an example: that of the file without its ending, if it is plain."""
    name = PurePosixPath(file_name.replace("\\", "/")).stem[:MOST_CHARACTERS].strip()
    return name if _is_plain(name) else "example"


def _is_plain(name: str) -> bool:
    fits = _PLAIN.fullmatch(name) is not None and len(name) <= MOST_CHARACTERS
    # Folders have at most 255 bytes.
    return fits and not _RESERVED.fullmatch(name) and len(name.encode()) <= 4 * MOST_CHARACTERS
