"""Run folders of trainings without `out`: removed when Python exits, or at once if there is nothing to keep."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from echoic.errors import Interrupted


@contextmanager
def run_path(out: str | Path | None, name: str) -> Iterator[Path]:
    """The path of a new run: `out`, or a folder `name` in a temporary one.

    The temporary folder is removed at exit, and at once after an error. One whose training was interrupted stays, so
    that it can be resumed.
    """
    if out is not None:
        yield Path(out)
        return
    folder = Path(tempfile.mkdtemp(prefix="echoic-"))
    try:
        yield folder / name
    except Interrupted:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    atexit.register(remove, folder, os.getpid())


def remove(folder: Path, owner: int) -> None:
    """Removes a folder, but not in a fork of the process `owner`, which may still use it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
