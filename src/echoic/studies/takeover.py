"""What another host has trained of a trial, copied here if its folder can be reached."""

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from echoic.run import RunFolder, last_step
from echoic.studies.place import Place


def adopt(folder: Path, before: Place, runs: Sequence[str]) -> None:
    """Copies runs that have a checkpoint into the study at `folder`; without them, training begins from the start.

    They are copied, for a host that was only cut off may still write them.
    """
    source = before.path
    if source is None:
        return
    for run in runs:
        if _is_begun(source / run) and not _is_begun(folder / run):
            copy_run(source / run, folder / run)


def _is_begun(run: Path) -> bool:
    return last_step(RunFolder(run).checkpoints) is not None


def copy_run(source: Path, target: Path) -> bool:
    """Copies a run folder in one step; false if it cannot be read."""
    new = target.with_name(f".{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    with contextlib.suppress(OSError):
        shutil.copytree(source, new, ignore=shutil.ignore_patterns("run.lock"))
        shutil.rmtree(target, ignore_errors=True)
        new.rename(target)
        return True
    shutil.rmtree(new, ignore_errors=True)
    return False
