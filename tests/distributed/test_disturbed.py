"""Signals, kills and restarts: no step is lost, nothing hangs, no process is left."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from ranked_commands import HERE, TRAIN, Command, contents, start, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc"),
]
LONG = ["--steps", "1000000"]


def checkpoints(folder: Path) -> list[Path]:
    return list((folder / "run" / "checkpoints").glob("step-*"))


def test_a_signal_to_any_process_stops_all_after_a_checkpoint(tmp_path: Path, whole: dict[str, Any]) -> None:
    command = start(tmp_path, "--processes", "2")
    wait_until(lambda: checkpoints(tmp_path) or command.process.poll() is not None)
    os.kill(command.other(), signal.SIGTERM)
    code, errors = command.wait()
    assert code == 128 + signal.SIGTERM, errors
    assert errors.count("Stopped by SIGTERM after step") == 1
    assert "resume with `echoic train --resume run`" in errors

    resumed = Command(["-m", "echoic", "train", "--resume", "run", "--processes", "2"], tmp_path)
    assert resumed.wait().code == 0
    assert contents(tmp_path / "run") == whole


def test_a_lost_process_ends_the_others_with_one_sentence(tmp_path: Path) -> None:
    command = start(tmp_path, "--processes", "2", *LONG)
    wait_until(lambda: checkpoints(tmp_path) or command.process.poll() is not None)
    os.kill(command.other(), signal.SIGKILL)
    code, errors = command.wait()
    assert code == 1
    (sentence,) = [line for line in errors.splitlines() if line.startswith("echoic:")]
    assert "Another process of this training was lost" in sentence
    assert "Resume with `echoic train --resume run`." in sentence
    assert sentence.endswith("Process 1 of 2 was ended by SIGKILL.")
    assert "Traceback" not in errors
    assert list(command.temporary.iterdir()) == []


def test_when_the_first_process_is_killed_no_other_is_left(tmp_path: Path) -> None:
    command = start(tmp_path, "--processes", "2", *LONG)
    wait_until(lambda: checkpoints(tmp_path) or command.process.poll() is not None)
    command.process.kill()
    assert command.wait().code == -signal.SIGKILL


def test_torchrun_goes_on_after_a_kill_bit_for_bit(tmp_path: Path, whole: dict[str, Any]) -> None:
    rank = 0  # which owns the run folder
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=3"]
    script = [str(HERE / "dying_command.py"), str(rank), "75", *TRAIN, "--out", "run"]
    code, errors = Command([*torchrun, *script], tmp_path).wait()
    assert code == 0, errors
    assert "Another process of this training was lost" in errors
    assert contents(tmp_path / "run") == whole
