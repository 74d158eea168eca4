"""Workers and whole studies are killed at any instant: no trial is lost, none counts twice, and all go on."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run_command
from killed_studies import EPOCHS, HUNG_S, SETTINGS, TRIALS, checkpoints, kill, studying, wait_until, worker_pids

import echoic

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.savetxt(tmp_path / "wave.csv", np.sin(np.arange(300) / 3), header="y", comments="")
    return tmp_path / "study"


def begin(folder: Path, *options: str) -> list[object]:
    return ["forecast", folder.parent / "wave.csv", *SETTINGS, *options, "--out", folder]


@contextmanager
def deaf() -> Iterator[None]:
    """What the block starts ignores signals that end it."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def finish(folder: Path) -> None:
    done = run_command("tune", "--resume", folder)
    assert done.code == 0, done.err


def check_complete(folder: Path) -> None:
    """Every trial is complete, once, with all epochs."""
    study = echoic.load_study(folder)
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(TRIALS))
    assert {trial.state for trial in trials} == {"complete"}
    assert sorted(trial.settings["lr"] for trial in trials) == [0.002, 0.004, 0.008]
    assert sorted(path.name for path in (folder / "trials").iterdir()) == [str(number) for number in range(TRIALS)]
    for trial in trials:
        rows = study.run(trial.number).metrics()
        assert [row["epoch"] for row in rows] == list(range(EPOCHS))
        assert trial.loss == min(row["dev_loss"] for row in rows)
    assert study.best.settings.train.lr == study.winner.settings["lr"]


def test_killed_workers_are_replaced_and_their_trials_end_as_if_they_were_not(folder: Path) -> None:
    draw = random.Random(0)  # noqa: S311
    killed: set[int] = set()
    with studying(*begin(folder)) as process:
        wait_until(lambda: checkpoints(folder))
        while process.poll() is None and len(killed) < 3:
            alive = [pid for pid in worker_pids(folder) if pid not in killed]
            if alive:
                killed |= {pid for pid in [draw.choice(alive)] if kill(pid)}
            time.sleep(draw.uniform(0.1, 0.5))
        _, error = process.communicate(timeout=HUNG_S)
    assert process.returncode == 0, error
    assert len(killed) >= 2
    check_complete(folder)
    trial = echoic.load_study(folder).trials[0]
    network: dict[str, Any] = {"lookback": 16, "strategy": "recursive", "network_weight": 1, "layers": (4,)}
    training: dict[str, Any] = {"epochs": EPOCHS, "patience": 60, "stride": 2, "threads": 1, "lr": trial.settings["lr"]}
    alone = echoic.train("forecast", folder.parent / "wave.csv", **network, **training)
    assert trial.loss == min(row["dev_loss"] for row in alone.metrics())


def test_a_killed_study_goes_on_and_its_workers_end(folder: Path) -> None:
    with ExitStack() as stack:
        with deaf():
            process = stack.enter_context(studying(*begin(folder)))
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


def test_a_signal_saves_and_says_how_to_go_on(folder: Path, database: str) -> None:
    number = signal.SIGTERM
    with studying(*begin(folder, "--storage", database)) as process:
        wait_until(lambda: checkpoints(folder))
        process.send_signal(number)
        _, error = process.communicate(timeout=HUNG_S)
    assert process.returncode == 128 + number
    assert f"Stopped, and saved; resume with `echoic tune --resume {folder}`." in error.splitlines()[-1]
    assert "Traceback" not in error
    finish(folder)
    check_complete(folder)


def test_a_trial_that_was_killed_before_its_first_checkpoint_begins_again(folder: Path) -> None:
    with studying(*begin(folder)) as process:
        wait_until(lambda: checkpoints(folder))
        process.kill()
        process.wait()
    for pid in worker_pids(folder):
        wait_until(partial(_has_ended, pid))
    left = checkpoints(folder)[0].parent
    assert (left.parent / "model.safetensors").exists()
    for path in left.iterdir():
        path.unlink()
    finish(folder)
    check_complete(folder)
