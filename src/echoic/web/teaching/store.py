"""The examples: ordinary sound files, in a folder for each class."""

import math
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import final

from echoic.errors import DataError, EchoicError, RunError
from echoic.run.lock import folder_lock
from echoic.sources.audio import ENDINGS
from echoic.web.teaching.names import class_name, stem
from echoic.write_errors import cannot_be_created, cannot_be_written

BACKGROUND = "Background"
"""The class of what is to be ignored."""

_INCOMING = ".incoming-"


@final
class ExampleStore:
    """Folders of classes with their sound files.

    Names of clients are looked up among those that are there, and never joined to a path; only a new class makes a
    folder, after its name was checked.

    Args:
        folder: created where it is missing, with an empty class for the background.

    Raises:
        RunError: it cannot be created, or another server uses it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            if not folder.exists():
                (folder / BACKGROUND).mkdir(parents=True)
            # Two servers would take each other's files, and train into the same folder.
            self._held = ExitStack()
            self._held.enter_context(
                folder_lock(folder, f"Another server teaches on {folder}; stop it, or give --teach another folder.")
            )
            for left in folder.glob(f"{_INCOMING}*"):  # of a server that was killed
                shutil.rmtree(left)
        except EchoicError:
            raise
        except OSError as error:
            raise RunError(f"{cannot_be_created(folder, error)}.") from None

    def close(self) -> None:
        """Lets another server use the folder."""
        self._held.close()

    @property
    def classes(self) -> list[str]:
        """Names of the classes: the background first, the others sorted."""
        if not self.folder.is_dir():  # someone has deleted it; the next class or example makes it again
            return []
        names = [one.name for one in self.folder.iterdir() if one.is_dir() and not one.name.startswith(".")]
        return sorted(names, key=lambda name: (not is_background(name), name.lower(), name))

    def examples(self, name: str) -> list[Path]:
        """The sound files of a class, in the order in which they came.

        Raises:
            DataError: there is no such class.
        """
        found = [one for one in self._class(name).iterdir() if one.suffix.lower() in ENDINGS and one.is_file()]
        shown = (one for one in found if not one.name.startswith("."))
        return sorted(shown, key=lambda one: (one.stat().st_mtime_ns, one.name))

    @property
    def changed_at(self) -> float:
        """When a class or an example was last added, changed or removed, in seconds of the clock of the files.

        Infinite if the folder itself was removed.
        """
        if not self.folder.is_dir():
            return math.inf
        folders = [self.folder / name for name in self.classes]
        files = [path for name in self.classes for path in self.examples(name)]
        return max(one.stat().st_mtime for one in (self.folder, *folders, *files))

    def find(self, name: str, example: str) -> Path:
        """The file of an example.

        Raises:
            DataError: there is none.
        """
        for path in self.examples(name):
            if path.name == example:
                return path
        raise DataError(f"{name} has no example {example:.60}; it was removed.")

    def add_class(self, name: str) -> str:
        """Makes an empty class, and returns its name as it is kept.

        Raises:
            DataError: the name cannot be used.
        """
        name = class_name(name, self.classes)
        try:
            (self.folder / name).mkdir(parents=True)
        except OSError as error:
            raise RunError(f"{cannot_be_created(self.folder / name, error)}.") from None
        return name

    def rename_class(self, name: str, new: str) -> None:
        """Renames a class.

        Raises:
            DataError: there is no such class, or the new name cannot be used.
        """
        folder = self._class(name)
        new = class_name(new, [other for other in self.classes if other != name])
        try:
            folder.rename(self.folder / new)
        except OSError as error:
            raise RunError(f"{cannot_be_created(self.folder / new, error)}.") from None

    def remove_class(self, name: str) -> None:
        """Deletes the examples of a class, and its folder unless there are other files in it; of a link, only the link.

        Raises:
            DataError: there is no such class.
            RunError: there are other files, which are kept.
        """
        folder = self._class(name)
        if folder.is_symlink():  # the files are elsewhere, and were there before
            folder.unlink()
            return
        for path in self.examples(name):
            path.unlink()
        try:
            folder.rmdir()
        except OSError:
            raise RunError(f"{folder} has other files, which were kept; remove the folder yourself.") from None

    def incoming(self) -> "tempfile.TemporaryDirectory[str]":
        """A folder for what is not an example yet, on the same disk."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return tempfile.TemporaryDirectory(prefix=_INCOMING, dir=self.folder, ignore_cleanup_errors=True)
        except OSError as error:
            raise RunError(f"{cannot_be_written(self.folder, error)}.") from None

    def place(self, made: Path, name: str, file_name: str) -> None:
        """Moves a WAV file into a class, under the name of the file that it came from, or that and a number.

        Raises:
            DataError: the class is gone.
        """
        folder, wanted = self._class(name), stem(file_name)
        taken = {one.name.lower() for one in folder.iterdir()}
        free = (found for found in _numbered(wanted, len(taken)) if found.lower() not in taken)
        made.rename(folder / next(free))

    def _class(self, name: str) -> Path:
        if name not in self.classes:
            raise DataError(f"There is no class {name:.60}.")
        return self.folder / name


def is_background(name: str) -> bool:
    """Whether a class is that of what is to be ignored."""
    return name.lower() == BACKGROUND.lower()


def _numbered(wanted: str, most: int) -> Sequence[str]:
    return [f"{wanted}.wav", *(f"{wanted}-{number}.wav" for number in range(2, most + 3))]
