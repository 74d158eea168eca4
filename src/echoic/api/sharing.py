"""Training by several processes: that they have the same data and settings, and a run folder each."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from echoic.api.temporary import scratch_path
from echoic.distributed.copies import own_copy
from echoic.distributed.ranks import Ranks
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Task
from echoic.run import RunFolder, ensure_new

_RESTARTS = "TORCHELASTIC_RESTART_COUNT"
"""Environment variable of torchrun: how often it has started all processes again, after one was lost."""


def check_same(ranks: Ranks, job: str, task: Task[Any]) -> None:
    """Checks that all processes train the same network on the same data, with a row of each batch for everyone.

    Raises:
        ConfigError: they have different settings, or a batch has fewer rows than there are processes.
        DataError: they have different data.
    """
    if ranks.size == 1:
        return
    with ranks.together():
        _check_rows(ranks.size, task)
    digests = ranks.all_gather([_digest([job, _settings(task)]), _digest(task.dataset.fingerprint)])
    for number, (settings, data) in enumerate(digests):
        ranks.has_common_error = True  # if there is one, it is the same everywhere
        if settings != digests[0][0]:
            raise ConfigError(
                f"Process {number} of {ranks.size} has other settings than the first one; start all with the same ones."
            )
        if data != digests[0][1]:
            raise DataError(
                f"Process {number} of {ranks.size} has other data than the first one; copy the same files to all "
                "machines."
            )
    ranks.has_common_error = False


def is_started(out: str | Path | None, job: str, task: Task[Any]) -> bool:
    """Whether `out` is this very training, which torchrun has started again after it lost a process.

    The command line is the first one's then, so nobody could ask for `--resume`.
    """
    if out is None or not is_restart(out):
        return False
    config = RunFolder.open(Path(out)).read_config()
    config["settings"]["train"].pop("threads", None)
    same = config["job"] == job and config["data"]["fingerprint"] == task.dataset.fingerprint
    return bool(same and config["settings"] == _settings(task))


def is_restart(out: str | Path) -> bool:
    """Whether torchrun has started all processes again, and there is a run at `out` already."""
    return int(os.environ.get(_RESTARTS, "0")) > 0 and (Path(out) / "config.json").is_file()


def check_new(ranks: Ranks, out: str | Path | None) -> None:
    """Checks that the first process can create the run.

    Raises:
        RunError: `out` exists.
    """
    if out is not None and ranks.is_first and not is_restart(out):
        ensure_new(Path(out))


def own_folder(ranks: Ranks, folder: RunFolder) -> RunFolder:
    """The folder of a run that exists: itself for the first process, a copy for the others.

    Raises:
        RunError: it cannot be read or copied.
    """
    if ranks.size == 1:
        return folder
    return RunFolder(own_copy(ranks, folder.path, scratch_path(folder.path.name)))


def resumable(ranks: Ranks, path: Path) -> Path:
    """The run at `path` for this process: other machines than the first one's get a copy of it.

    Raises:
        RunError: the first process has no run there.
    """
    if ranks.size == 1 or all(ranks.all_gather((path / "config.json").is_file())):
        return path
    return own_copy(ranks, path, scratch_path(path.name))


def _settings(task: Task[Any]) -> dict[str, Any]:
    """All settings but the number of threads, which each machine may choose for itself."""
    settings: dict[str, Any] = task.settings.model_dump(mode="json")
    settings["train"].pop("threads")
    return settings


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _check_rows(processes: int, task: Task[Any]) -> None:
    train = task.settings.train
    batches = task.train_batches()
    first = next(batches.epoch(train.seed, 0), None)
    rows = 0 if first is None else len(first.inputs)
    if len(batches) > 1:
        rows = max(rows, train.batch_size)  # the first one may be the smallest
    if 0 < rows < processes:
        raise ConfigError(
            f"{processes} processes need batches of at least as many rows, and these have {rows}; use fewer processes "
            "or a larger --batch-size."
        )
