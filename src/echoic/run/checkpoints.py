"""The checkpoints of a run: the newest two are kept."""

import contextlib
import re
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from echoic.errors import RunError
from echoic.run.files import read_tensors, write_tensors

_MAX_CHECKPOINTS = 2
_CHECKPOINT = re.compile(r"step-(\d{9})\.safetensors")


class Checkpoint(NamedTuple):
    """The complete state of training, from which it resumes without any difference."""

    tensors: dict[str, Tensor]
    metadata: dict[str, Any]


def write_checkpoint(folder: Path, step: int, checkpoint: Checkpoint) -> None:
    """Writes the checkpoint of a step into the folder of checkpoints, and keeps only it and the previous one.

    Checkpoints of later steps are deleted too: they are damaged, since training resumed from an earlier one.
    """
    path = folder / f"step-{step:09d}.safetensors"
    write_tensors(path, checkpoint.tensors, checkpoint.metadata)
    kept = [one for one in _newest_first(folder) if one <= path][:_MAX_CHECKPOINTS]
    for other in _newest_first(folder):
        if other not in kept:
            with contextlib.suppress(OSError):  # a remaining old checkpoint is harmless
                other.unlink()


def read_newest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest intact checkpoint, and one sentence for each newer one that is damaged.

    Raises:
        RunError: all checkpoints are damaged.
    """
    damaged: list[str] = []
    for path in _newest_first(folder):
        try:
            return Checkpoint(*read_tensors(path)), damaged
        except RunError as error:
            damaged.append(str(error))
    if damaged:
        raise RunError(f"{folder.parent}: no checkpoint can be read: {' '.join(damaged)}")
    return None, damaged


def last_step(folder: Path) -> int | None:
    """The step of the newest checkpoint; None if there is none."""
    newest = next(iter(_newest_first(folder)), None)
    return None if newest is None else int(newest.stem.removeprefix("step-"))


def _newest_first(folder: Path) -> list[Path]:
    return sorted((p for p in folder.glob("step-*") if _CHECKPOINT.fullmatch(p.name)), reverse=True)
