"""Training that was stopped goes on bit for bit as if it had not been, whatever the settings."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import echoic
from echoic.errors import Interrupted
from echoic.training import Progress

pytestmark = pytest.mark.filterwarnings("ignore:.* is finished")  # where it was stopped after its last step

BASE: dict[str, Any] = {
    "strategy": "recursive",
    "lookback": 10,
    "layers": (4, 3),
    "threads": 1,
    "epochs": 2,
    "stride": 8,
    "batch_size": 4,
    "checkpoint_interval_s": 1e-9,
}
NOISY: dict[str, Any] = {"dropout": 0.3, "input_noise_std": 0.1, "scheduled_sampling": 0.5, "ema_decay": 0.9}
GRID: dict[str, dict[str, Any]] = {
    "lstm": {"cell": "lstm", **NOISY},
    "gru with a learned start": {"cell": "gru", "learn_initial_state": True, **NOISY},
    "lstm in chunks": {"cell": "lstm", "batching": "chunks", "stride": 1, "batch_size": 2, **NOISY},
    "gru in chunks with a learned start": {
        "cell": "gru",
        "batching": "chunks",
        "stride": 1,
        "learn_initial_state": True,
        "epochs": 3,
    },
    "whole series": {"batching": "whole", "stride": 1, "epochs": 9, **NOISY},
    "draws fed back": {"head": "gaussian", **NOISY},
    "sgd": {"optimizer": "sgd", "weight_decay": 0.01},
    "adam": {"optimizer": "adam", "lr_schedule": "constant"},
    "evaluations within an epoch": {"evals_per_epoch": 3, "patience": 4, "ema_decay": 0.9},
    "refit": {"refit": True, **NOISY},
    "direct": {"strategy": "direct", "horizon": 3, "dropout": 0.3, "ema_decay": 0.9, "input_noise_std": 0.1},
    "segments": {
        "strategy": "segments",
        "lookback": 20,
        "horizon": 10,
        "segment_steps": 5,
        "layers": (4,),
        "dropout": 0.3,
    },
}


def train(run: Path, settings: dict[str, Any], on_progress: Callable[[Progress], None] = lambda _: None) -> None:
    if (run / "config.json").exists():
        echoic.load(run).resume(on_progress)
    else:
        config = {name: value for name, value in (BASE | settings).items() if value is not None}
        echoic.train("forecast", "synth:sine,steps=150", out=run, config=config, on_progress=on_progress)


class Stopper:
    """Stops at the n-th progress report: by an exception there and then, or by a signal to itself."""

    def __init__(self, reports: int, number: signal.Signals | None) -> None:
        self.left = reports
        self.number = number

    def __call__(self, _: Progress) -> None:
        self.left -= 1
        if self.left == 0:
            if self.number is None:
                raise KeyboardInterrupt
            os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("settings", GRID.values(), ids=GRID)
def test_training_stopped_three_times_ends_as_if_it_never_was(
    tmp_path: Path, content: Callable[[Path], Any], settings: dict[str, Any]
) -> None:
    train(tmp_path / "whole", settings)
    with pytest.raises(Interrupted):
        train(tmp_path / "run", settings, Stopper(3, None))
    with pytest.raises(
        Interrupted, match=r"Stopped by SIGTERM after step \d+, and saved; resume with `echoic train --r"
    ):
        train(tmp_path / "run", settings, Stopper(2, signal.SIGTERM))
    with pytest.raises(Interrupted, match="Stopped by SIGINT after step"):
        train(tmp_path / "run", settings, Stopper(2, signal.SIGINT))
    train(tmp_path / "run", settings)
    whole, resumed = content(tmp_path / "whole"), content(tmp_path / "run")
    assert [key for key in whole if resumed.get(key) != whole[key]] == []
    assert whole.keys() == resumed.keys()


@pytest.mark.parametrize(
    ("refit", "reports"),
    [*((False, reports) for reports in range(1, 14)), *((True, reports) for reports in range(9, 28))],
)
def test_a_signal_at_any_step_is_answered_there_and_lost_at_none(
    tmp_path: Path, content: Callable[[Path], Any], refit: bool, reports: int
) -> None:
    settings = {"epochs": 1, "batch_size": 8, "checkpoint_interval_s": 3600, "refit": refit}
    train(tmp_path / "whole", settings)
    progress: list[Progress] = []
    stopper = Stopper(reports, signal.SIGTERM)

    def on_progress(at: Progress) -> None:
        progress.append(at)
        stopper(at)

    stopped: Interrupted | None = None
    try:
        train(tmp_path / "run", settings, on_progress)
    except Interrupted as error:
        stopped = error
    if stopped is not None:
        assert stopped.exit_code == 143
        steps = sorted(int(path.stem.split("-")[1]) for path in (tmp_path / "run" / "checkpoints").iterdir())
        assert max(steps) == len({(at.stage, at.step) for at in progress[:reports]})
    else:
        assert len(progress) < reports
    train(tmp_path / "run", settings)
    whole, resumed = content(tmp_path / "whole"), content(tmp_path / "run")
    assert [key for key in whole if resumed.get(key) != whole[key] and key != "names"] == []


def test_a_resume_without_the_random_state_would_differ(
    tmp_path: Path, content: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    train(tmp_path / "whole", GRID["lstm"])
    with pytest.raises(Interrupted):
        train(tmp_path / "run", GRID["lstm"], Stopper(3, None))
    with monkeypatch.context() as patch:
        patch.setattr("echoic.training.learner.torch.set_rng_state", lambda _: None)
        train(tmp_path / "run", GRID["lstm"])
    assert (
        content(tmp_path / "whole")["model.head.linear.weight"] != content(tmp_path / "run")["model.head.linear.weight"]
    )


def test_training_twice_from_one_seed_gives_the_same_bits(tmp_path: Path, content: Callable[[Path], Any]) -> None:
    train(tmp_path / "one", GRID["lstm"])
    torch.rand(7)
    train(tmp_path / "two", GRID["lstm"])
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path, content: Callable[[Path], Any]) -> None:
    for name in ("lstm", "refit"):
        train(tmp_path / name, GRID[name])
        before = content(tmp_path / name)
        train(tmp_path / name, GRID[name])
        assert content(tmp_path / name) == before


def test_a_copy_of_a_run_taken_while_it_was_trained_can_be_resumed(
    tmp_path: Path, content: Callable[[Path], Any]
) -> None:
    import shutil  # noqa: PLC0415

    def copy(at: Progress) -> None:
        if at.step == 5 and not (tmp_path / "copy").exists():
            shutil.copytree(tmp_path / "run", tmp_path / "copy")

    train(tmp_path / "run", GRID["lstm"], copy)
    train(tmp_path / "copy", {})
    assert content(tmp_path / "copy") == content(tmp_path / "run")


def test_time_already_spent_counts_towards_the_budget(tmp_path: Path) -> None:
    settings = {"minutes": 0.05, "batch_size": 32, "epochs": None}
    done: list[float] = []

    def stop_late(at: Progress) -> None:
        if at.fraction > 0.7 and not done:
            done.append(at.fraction)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="Stopped by SIGINT"):
        train(tmp_path / "run", settings, stop_late)
    resumed: list[float] = []
    train(tmp_path / "run", settings, lambda at: resumed.append(at.fraction))
    assert resumed[0] >= done[0] > 0.7
