"""Commands that train by several processes, and what they leave."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from echoic.run import RunFolder

HUNG_S = 600
"""Trainings that take longer hang; on a busy machine good ones may take minutes."""

HERE = Path(__file__).parents[1] / "distributed"
TRAIN = ["train", "forecast", "synth:sine,steps=300", "--strategy", "recursive", "--batching", "chunks", "--lookback",
         "10", "--layers", "8", "--batch-size", "5", "--steps", "150", "--dropout", "0.2", "--threads", "1",
         "--checkpoint-interval-s", "0.1"]  # fmt: skip
"""A training of a second, which the tests disturb."""


def environment(folder: Path) -> dict[str, str]:
    """That of a command whose temporary files lie in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GLOO_", "TORCHELASTIC"))}
    return kept | {"TMPDIR": str(folder), "PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1"}


class Ended(NamedTuple):
    """A command that has ended: its exit code, and what it printed on standard error."""

    code: int
    errors: str


class Command:
    """A running command in a session and a folder of its own, with all processes that it has started."""

    def __init__(self, arguments: Sequence[str], folder: Path, prefix: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.errors = folder / "errors.txt"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, *arguments],
                cwd=folder,
                env=environment(self.temporary),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    def members(self) -> list[int]:
        """The processes that have not ended; all of them work in the folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):  # of another user, or it has ended
                if path.readlink() == self.folder:
                    found.append(int(path.parent.name))
        return found

    def other(self) -> int:
        """The process that `--processes 2` has started."""
        (found,) = (pid for pid in self.members() if pid != self.process.pid)
        return found

    def wait(self) -> Ended:
        """Waits for its end, and that of all that it has started."""
        try:
            code = self.process.wait(HUNG_S)
            wait_until(lambda: not self.members())
        finally:
            self.end()
        return Ended(code, self.errors.read_text())

    def end(self) -> None:
        """Ends whatever is left."""
        for pid in self.members():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()


def wait_until(condition: Callable[[], Any]) -> None:
    """Waits until something has happened; what does not happen fails the test."""
    until = time.monotonic() + HUNG_S
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def start(folder: Path, *options: str) -> Command:
    """Starts `echoic train ... --out run` with more options, in a folder of its own."""
    return Command(["-m", "echoic", *TRAIN, "--out", "run", *options], folder)


def contents(run: Path) -> dict[str, Any]:
    """What must be the same, bit for bit, however a training was disturbed."""
    folder = RunFolder.open(run)
    checkpoint, damaged = folder.read_checkpoint()
    assert checkpoint is not None
    assert damaged == []
    tensors = {f"best.{name}": tensor for name, tensor in folder.read_model()[0].items()} | checkpoint.tensors
    return {"metrics": folder.read_metrics()} | {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}
