"""Folders of runs that nobody named; they are removed when the process ends."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def temporary_run(name: str) -> Path:
    """A path for a run called `name` in a new temporary folder, which this process removes when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="echoic-"))
    atexit.register(_remove, folder, os.getpid())
    return folder / name


def _remove(folder: Path, owner: int) -> None:
    """Removes the folder; a child that was forked off leaves it to its parent."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
