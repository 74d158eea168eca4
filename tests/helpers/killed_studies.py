"""Studies as processes, which tests kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HUNG_S = 400
TRIALS = 3
EPOCHS = 60

SETTINGS = [
    "--lookback=16", "--strategy=recursive", "--network-weight=1", "--layers=4", f"--epochs={EPOCHS}", "--patience=60",
    "--stride=2", "--checkpoint-interval-s=0.05", "--search", "lr=0.002,0.004,0.008", "--sampler=grid",
    "--pruner=none", "--confirm=0", "--workers=2",
]  # fmt: skip
"""Those of a small study of `TRIALS` trials."""


@contextmanager
def studying(*arguments: object, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which is killed at the end of the block."""
    command = [*before, sys.executable, "-m", "echoic", "tune", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(holds: Callable[[], object]) -> None:
    """Waits for something that must come."""
    deadline = time.monotonic() + HUNG_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of all trials."""
    return list(folder.glob("trials/*/checkpoints/step-*.safetensors"))


def worker_pids(folder: Path) -> list[int]:
    """The processes that hold the locks of workers."""
    found = []
    for lock in folder.glob("workers/*.lock"):
        with suppress(ValueError, OSError):
            found.append(json.loads(lock.read_text())["pid"])
    return found


def kill(pid: int) -> bool:
    """Kills a process; false if it has ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
