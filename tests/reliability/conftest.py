import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forked_processes import wait_for_end

from echoic.run import RunFolder


def _content(run: Path) -> dict[str, Any]:
    """All that has to be the same however often training was interrupted."""
    folder = RunFolder.open(run)
    checkpoint, damaged = folder.read_checkpoint()
    assert checkpoint is not None
    assert damaged == []
    weights, metadata = folder.read_model()
    tensors = {f"best {name}": tensor for name, tensor in weights.items()} | checkpoint.tensors
    state = {key: value for key, value in checkpoint.metadata["state"].items() if not key.endswith("seconds")}
    files = ["metrics.jsonl", "codec.json", *(["calibration.json"] if (run / "calibration.json").exists() else [])]
    return {
        "metadata": metadata,
        "position": checkpoint.metadata | {"state": state},
        "names": sorted(path.relative_to(run).as_posix() for path in run.rglob("*")),
        **{name: (run / name).read_bytes() for name in files},
        **{name: (str(tensor.dtype), tensor.numpy().tobytes()) for name, tensor in tensors.items()},
    }


@pytest.fixture
def content() -> Callable[[Path], dict[str, Any]]:
    return _content


def _survivors(kind: str, number: int) -> tuple[dict[str, int], list[str]]:
    """The counts and failures of a kind of `benchmarks/reliability.py`.

    In a process of its own: it forks, and a child of one whose threads hold locks would wait for ever.
    """
    script = Path(__file__).parents[2] / "benchmarks" / "reliability.py"
    options = ["--only", kind, f"--{kind}", str(number), "--seed", "1", "--json"]
    printed = subprocess.run([sys.executable, str(script), *options], stdout=subprocess.PIPE, text=True, check=False)
    found = json.loads(printed.stdout)
    return found[kind], found["failures"]


@pytest.fixture(scope="session")
def survivors() -> Callable[[str, int], tuple[dict[str, int], list[str]]]:
    return _survivors


HUNG_S = 600
"""A process that takes longer hangs; on a busy machine a good one may take minutes."""


def _waited_s(process: subprocess.Popen[str]) -> float:
    """Seconds that a process, which may have ended but not been waited for, stood in line for a core."""
    try:
        return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0  # no Linux


class Stopwatch:
    """Seconds of a process, less those in which other processes had the cores.

    A busy core is slower still (caches, hyper-threads): set a limit by what the same process took before.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._began = time.monotonic() - _waited_s(process)

    def seconds(self) -> float:
        return time.monotonic() - _waited_s(self.process) - self._began

    def seconds_to_the_end(self) -> float:
        """Waits for the process to end, and leaves it to be waited for."""
        wait_for_end(self.process)
        return self.seconds()


class Processes:
    """Commands of `echoic` in processes of their own, all ended when the test is over."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, code: str = "", **options: Any) -> subprocess.Popen[str]:
        """Runs `echoic ARGUMENTS`; `code` runs before it in the same process."""
        script = f"import sys\n{code}\nfrom echoic.cli import main\nmain()"
        way = ["-c", script] if code else ["-m", "echoic"]
        process = subprocess.Popen(
            [sys.executable, *way, *arguments],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """Waits; the exit code and what was said on stderr."""
        _, said = process.communicate(timeout=HUNG_S)
        return process.returncode, said

    def stopwatch(self, process: subprocess.Popen[str]) -> Stopwatch:
        """Starts one."""
        return Stopwatch(process)

    def until(self, process: subprocess.Popen[str], happens: Callable[[], bool]) -> None:
        """Waits until something happens while the process runs."""
        give_up = time.monotonic() + HUNG_S
        while not happens():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < give_up, "it never happened"
            time.sleep(0.01)


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes()
    yield made
    for process in made.started:
        process.kill()
        process.communicate()
