"""Names of classes and examples, which become those of folders and files."""

import re
import unicodedata
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
    name = _composed(name)
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
    name = PurePosixPath(file_name.replace("\\", "/")).stem
    name = _composed(name)[:MOST_CHARACTERS].strip()
    return name if _is_plain(name) else "example"


def _composed(name: str) -> str:
    """Letters and their accents as one character where there is one: macOS gives the names of files in parts."""
    return unicodedata.normalize("NFC", name).strip()


def _is_plain(name: str) -> bool:
    # The vowels of many scripts, such as those of India, are marks, which are no word characters of `re`.
    letters = "".join(one for one in name if not unicodedata.category(one).startswith("M"))
    fits = _PLAIN.fullmatch(letters) is not None and name[0] == letters[0] and len(name) <= MOST_CHARACTERS
    # Folders have at most 255 bytes.
    return fits and not _RESERVED.fullmatch(name) and len(name.encode()) <= 4 * MOST_CHARACTERS
