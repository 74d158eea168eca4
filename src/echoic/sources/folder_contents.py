"""Which files of a folder are read, and which are not: hidden ones, and those of other kinds."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from echoic.sources.examples import Examples

_SYSTEM_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN"})
_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})
_MAX_ENDINGS = 5


class Contents(NamedTuple):
    """Files to read, sorted, and names, relative to the folder, of hidden ones and of those of other kinds."""

    files: list[Path]
    hidden: list[str]
    unread: list[str]

    @property
    def notes(self) -> dict[str, Any]:
        """Sentences, each with what decides whether it applies."""
        endings = Counter(Path(name).suffix.lower() or "no ending" for name in self.unread)
        kinds = ", ".join(f"{ending} {count}" for ending, count in endings.most_common(_MAX_ENDINGS))
        return {
            f"Hidden files left out: {Examples.of(self.hidden).as_text('file')}.": self.hidden,
            f"Files of kinds that are not read left out ({kinds}): {Examples.of(self.unread).as_text('file')}.": (
                self.unread
            ),
        }


def contents_of(folder: Path, endings: Sequence[str]) -> Contents:
    """The files below a folder; `endings` are those of files to read.

    Files of systems, such as `._a.wav` of a Mac and everything in `__MACOSX`, are hidden whatever their ending.
    """
    files, hidden, unread = list[Path](), list[str](), list[str]()
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        is_read = path.name.lower().endswith(tuple(endings))
        if is_hidden(path.relative_to(folder)):
            hidden += [str(path.relative_to(folder))] if is_read else []
        elif is_read:
            files.append(path)
        else:
            unread.append(str(path.relative_to(folder)))
    return Contents(files, hidden, unread)


def is_hidden(path: Path) -> bool:
    """Whether a path, relative to a folder of data, belongs to a system rather than to its user."""
    is_system = path.name.lower() in _SYSTEM_FILES or not _SYSTEM_FOLDERS.isdisjoint(path.parts)
    return is_system or any(part.startswith(".") for part in path.parts)
