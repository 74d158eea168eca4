"""Run folders of trainings without `out`: removed when Python exits, or at once if there is nothing to keep."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from echoic.errors import Interrupted, RunError


@contextmanager
def run_path(out: str | Path | None, name: str) -> Iterator[Path]:
    """The path of a new run: `out`, or a folder `name` in a temporary one.

    The temporary folder is removed at exit, and at once after an error. One whose training was interrupted stays, so
    that it can be resumed.
    """
    if out is not None:
        yield Path(out)
        return
    folder = new_folder()
    try:
        yield folder / name
    except Interrupted:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    atexit.register(remove, folder, os.getpid())


def scratch_path(name: str) -> Path:
    """The path of a run that only this process needs: `name` in a temporary folder, which is removed when Python exits.

    Raises:
        RunError: there is no place for one.
    """
    folder = new_folder()
    atexit.register(remove, folder, os.getpid())
    return folder / name


def new_folder() -> Path:
    """A new temporary folder.

    Raises:
        RunError: there is no place for one.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="echoic-"))
    except OSError as error:
        raise RunError(
            f"There is no place for a temporary folder ({error.strerror}); set TMPDIR to a folder that can be "
            "written, or choose `out`."
        ) from None


def remove(folder: Path, owner: int) -> None:
    """Removes a folder, but not in a fork of the process `owner`, which may still use it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
