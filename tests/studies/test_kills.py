"""Workers and whole studies are killed at any instant: no trial is lost, none counts twice, and all go on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import echoic

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]

HUNG_S = 400
TRIALS = 5
SETTINGS = [
    "--lookback=16", "--strategy=recursive", "--network-weight=1", "--layers=4", "--epochs=60", "--patience=60",
    "--stride=2", "--checkpoint-interval-s=0.05", "--search", "lr=0.001,0.002,0.004,0.008,0.016", "--sampler=grid",
    "--pruner=none", "--confirm=0", "--workers=2",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.savetxt(tmp_path / "wave.csv", np.sin(np.arange(300) / 3), header="y", comments="")
    return tmp_path / "study"


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


def begin(folder: Path) -> list[object]:
    return ["forecast", folder.parent / "wave.csv", *SETTINGS, "--out", folder]


def finish(folder: Path) -> None:
    with studying("--resume", folder) as process:
        _, error = process.communicate(timeout=HUNG_S)
    assert process.returncode == 0, error


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + HUNG_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def checkpoints(folder: Path) -> list[Path]:
    return list(folder.glob("trials/*/checkpoints/step-*.safetensors"))


def worker_pids(folder: Path) -> list[int]:
    """The processes that hold the locks of workers."""
    found = []
    for lock in folder.glob("workers/*.lock"):
        with suppress(ValueError, OSError):
            found.append(json.loads(lock.read_text())["pid"])
    return found


def kill(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def check_complete(folder: Path) -> None:
    """Every trial is complete, once, and its run is as one that was never killed."""
    study = echoic.load_study(folder)
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(TRIALS))
    assert {trial.state for trial in trials} == {"complete"}
    assert sorted(trial.settings["lr"] for trial in trials) == [0.001, 0.002, 0.004, 0.008, 0.016]
    assert sorted(path.name for path in (folder / "trials").iterdir()) == [str(number) for number in range(TRIALS)]
    for trial in trials:
        rows = study.run(trial.number).metrics()
        assert [row["epoch"] for row in rows] == list(range(60))
        assert trial.loss == min(row["dev_loss"] for row in rows)
    assert study.best.settings.train.lr == study.winner.settings["lr"]


def test_killed_workers_are_replaced_and_their_trials_go_on(folder: Path) -> None:
    draw = random.Random(0)  # noqa: S311
    killed: set[int] = set()
    with studying(*begin(folder)) as process:
        wait_until(lambda: checkpoints(folder))
        while process.poll() is None and len(killed) < 6:
            alive = [pid for pid in worker_pids(folder) if pid not in killed]
            if alive:
                killed |= {pid for pid in [draw.choice(alive)] if kill(pid)}
            time.sleep(draw.uniform(0.5, 2.5))
        _, error = process.communicate(timeout=HUNG_S)
    assert process.returncode == 0, error
    assert len(killed) >= 2
    check_complete(folder)


def test_a_trial_that_was_killed_ends_as_one_that_was_not(folder: Path, tmp_path: Path) -> None:
    with studying(*begin(folder)) as process:
        wait_until(lambda: checkpoints(folder))
        wait_until(lambda: worker_pids(folder))
        for pid in worker_pids(folder):
            kill(pid)
        process.communicate(timeout=HUNG_S)
    check_complete(folder)
    trial = echoic.load_study(folder).trials[0]
    settings: dict[str, Any] = {
        "lookback": 16,
        "strategy": "recursive",
        "network_weight": 1,
        "layers": (4,),
        "epochs": 60,
    }
    alone = echoic.train(
        "forecast", tmp_path / "wave.csv", **settings, patience=60, stride=2, threads=1, lr=trial.settings["lr"]
    )
    assert trial.loss == min(row["dev_loss"] for row in alone.metrics())


@pytest.mark.parametrize("before", [(), ("sh", "-c", "trap '' INT TERM; exec \"$@\"", "sh")], ids=["", "signals lost"])
def test_a_killed_study_goes_on_and_its_workers_end(folder: Path, before: tuple[str, ...]) -> None:
    with studying(*begin(folder), before=before) as process:
        wait_until(lambda: len({path.parent.parent for path in checkpoints(folder)}) >= 2)
        workers = worker_pids(folder)
        process.kill()
        process.wait()
    assert "unfinished" in {trial.state for trial in echoic.load_study(folder).trials}
    for pid in workers:
        wait_until(partial(_has_ended, pid))
    finish(folder)
    check_complete(folder)


def _has_ended(pid: int) -> bool:
    try:
        return "echoic.studies.worker" not in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(folder: Path, number: signal.Signals) -> None:
    with studying(*begin(folder)) as process:
        wait_until(lambda: checkpoints(folder))
        process.send_signal(number)
        _, error = process.communicate(timeout=HUNG_S)
    assert process.returncode == 128 + number
    assert f"Stopped, and saved; go on with `echoic tune --resume {folder}`." in error.splitlines()[-1]
    assert "Traceback" not in error
    finish(folder)
    check_complete(folder)
