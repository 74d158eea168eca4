"""Folds and seeds that processes train side by side: as one process trains them, whatever is killed or stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import run_command
from killed_studies import HUNG_S, wait_until, worker_pids

import echoic
from echoic.errors import ConfigError, RunError
from echoic.training import Progress

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]

TINY: dict[str, Any] = {"layers": (4,), "conv_channels": (4, 4), "network_weight": 1.0, "refit": False, "patience": 999}
WAVE: dict[str, Any] = {"lookback": 8, "horizon": 5, "layers": (3,), "strategy": "direct", "threads": 1}


@pytest.fixture(scope="module")
def clips() -> tuple[np.ndarray, list[str]]:
    draws, labels = np.random.default_rng(0), np.arange(36) % 3
    return (draws.standard_normal((36, 12, 2)) + labels[:, None, None]).astype(np.float32), list(map(str, labels))


@pytest.fixture
def table(clips: tuple[np.ndarray, list[str]], tmp_path: Path) -> Path:
    """The clips as a file."""
    lines = ["@problemName clips", "@dimensions 2", "@classLabel true 0 1 2", "@data"]
    for values, label in zip(*clips, strict=True):
        lines.append(":".join([*(",".join(map(str, row)) for row in values.T.tolist()), label]))
    (tmp_path / "clips.ts").write_text("\n".join(lines) + "\n")
    return tmp_path / "clips.ts"


def wave() -> np.ndarray:
    return np.sin(np.arange(160) / 3).astype(np.float32)


def weights(run: echoic.Run) -> dict[str, Any]:
    return {name: tensor.tolist() for name, tensor in run.folder.read_model()[0].items()}


def assert_same(one: echoic.Run, other: echoic.Run) -> None:
    """Both runs have the same weights and metrics, bit for bit, and so do their folds."""
    assert len(one.fold_runs()) == len(other.fold_runs())
    for mine, its in zip([one, *one.fold_runs()], [other, *other.fold_runs()], strict=True):
        assert weights(mine) == weights(its)
        assert mine.metrics() == its.metrics()


def test_folds_of_data_in_memory_are_those_of_one_process(clips: tuple[np.ndarray, list[str]]) -> None:
    stages: list[str] = []

    def watch(at: Progress) -> None:
        stages.append(at.stage)

    wanted = TINY | {"labels": clips[1], "folds": 3, "epochs": 3}
    alone = echoic.train("classify", clips[0], threads=1, **wanted)
    beside = echoic.train("classify", clips[0], workers=2, on_progress=watch, **wanted)
    assert beside.settings.train.threads == 1  # the default of several workers
    assert_same(alone, beside)
    assert beside.evaluate().scores == alone.evaluate().scores
    assert set(stages) == {"fold 1 of 3", "fold 2 of 3", "fold 3 of 3", "fit"}
    assert not (beside.path / "workers").exists()


def test_rolling_origins_are_those_of_one_process() -> None:
    alone = list(echoic.cross_validate(wave(), folds=3, epochs=2, **WAVE))
    beside = list(echoic.cross_validate(wave(), folds=3, epochs=2, workers=2, **WAVE))
    for one, other in zip(alone, beside, strict=True):
        assert (one.train_steps, one.scores, one.baselines) == (other.train_steps, other.scores, other.baselines)
        np.testing.assert_array_equal(one.forecasts["mean"], other.forecasts["mean"])


def test_seeds_are_those_of_single_trainings(tmp_path: Path) -> None:
    wanted = WAVE | {"epochs": 2, "split": (0.6, 0.2, 0.2)}
    beside = echoic.train_seeds("forecast", wave(), seeds=2, workers=2, out=tmp_path / "two", seed=5, **wanted)
    alone = echoic.train_seeds("forecast", wave(), seeds=2, seed=5, **wanted)
    assert beside.seeds == [5, 6]
    for seed, one, other in zip(beside.seeds, beside.runs, alone.runs, strict=True):
        assert_same(one, echoic.train("forecast", wave(), seed=seed, **wanted))
        assert_same(one, other)
    maes = [run.evaluate().scores["mae"] for run in beside.runs]
    assert [*beside.scores()["mae"]] == pytest.approx([np.mean(maes), np.std(maes, ddof=1), 2])
    with pytest.raises(RunError, match="already exists"):
        echoic.train_seeds("forecast", wave(), out=tmp_path / "two", **wanted)
    found = echoic.load_seeds(tmp_path / "two", data=wave())
    found.resume(workers=2)
    assert [run.metrics() for run in found.runs] == [run.metrics() for run in beside.runs]


def test_workers_need_several_networks(clips: tuple[np.ndarray, list[str]], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is for cross-validation"):
        echoic.train("classify", clips[0], labels=clips[1], out=tmp_path / "run", workers=2, **TINY)
    with pytest.raises(ConfigError, match="`workers` must be a positive integer, got 0"):
        echoic.cross_validate(wave(), workers=0, **WAVE)
    assert not (tmp_path / "run").exists()


def test_components_that_no_other_process_knows_are_refused() -> None:
    def network(width: int) -> torch.nn.Module:
        return torch.nn.GRU(width, 2, batch_first=True)

    settings = {name: value for name, value in WAVE.items() if name != "layers"}
    with pytest.raises(ConfigError, match="cannot be sent to other processes"):
        list(echoic.cross_validate(wave(), folds=2, workers=2, components={"network": network}, epochs=1, **settings))


LONG = ["--layers=4", "--conv-channels=4,4", "--network-weight=1", "--no-refit", "--patience=999", "--epochs=60",
        "--checkpoint-interval-s=0.05", "--threads=1"]  # fmt: skip


@contextmanager
def training(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which is killed at the end of the block."""
    command = [sys.executable, "-m", "echoic", "train", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_checkpoints(folder: Path, number: int) -> None:
    wait_until(lambda: len({path.parent for path in folder.glob("*/checkpoints/step-*.safetensors")}) >= number)


def wait_for_ends(pids: list[int]) -> None:
    deadline = time.monotonic() + HUNG_S
    for pid in pids:
        while _works(pid):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _works(pid: int) -> bool:
    try:
        return "echoic.api.training_worker" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def test_killed_workers_and_a_killed_command_train_nothing_twice(table: Path, tmp_path: Path) -> None:
    out, plain = tmp_path / "run", tmp_path / "plain"
    done = run_command("train", "classify", table, *LONG, "--folds=3", "--out", plain)
    assert done.code == 0, done.err
    with training("classify", table, *LONG, "--folds=3", "--workers=2", "--out", out) as process:
        wait_for_checkpoints(out / "folds", 2)
        killed = worker_pids(out)
        for pid in killed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while not set(worker_pids(out)) - set(killed) and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        process.wait()
    wait_for_ends(worker_pids(out))
    with training("--resume", out, "--workers=2") as process:
        _, error = process.communicate(timeout=HUNG_S)
    assert process.returncode == 0, error
    assert_same(echoic.load(plain), echoic.load(out))


def test_a_signal_saves_all_seeds_and_says_how_to_go_on(table: Path, tmp_path: Path) -> None:
    out, number = tmp_path / "seeds", signal.SIGINT
    with training("classify", table, *LONG, "--seeds=2", "--workers=2", "--split=0.6,0.2,0.2", "--out", out) as process:
        wait_for_checkpoints(out, 2)
        workers = worker_pids(out)
        process.send_signal(number)
        _, error = process.communicate(timeout=HUNG_S)
    assert process.returncode == 128 + number, error
    assert f"Stopped, and saved; resume with `echoic train --resume {out} --workers 2`." in error.splitlines()[-1]
    assert "Traceback" not in error
    wait_for_ends(workers)
    echoic.load_seeds(out).resume()
    for run in echoic.load_seeds(out).runs:
        assert [row["epoch"] for row in run.metrics()] == list(range(60))
