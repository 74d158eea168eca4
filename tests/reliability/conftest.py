import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

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


class Processes:
    """Commands of `echoic` in processes of their own, all ended when the test is over."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, code: str = "", **options: Any) -> subprocess.Popen[str]:
        """Runs `echoic ARGUMENTS`; `code` runs before it in the same process."""
        script = f"import sys\n{code}\nfrom echoic.cli import main\nmain()"
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
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
        _, said = process.communicate(timeout=120)
        return process.returncode, said

    def until(self, process: subprocess.Popen[str], happens: Callable[[], bool]) -> None:
        """Waits until something happens while the process runs."""
        give_up = time.monotonic() + 60
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
