"""The command and its signals, locks, budgets and full disks, in real processes."""

import os
import re
import resource
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import echoic
from echoic.errors import RunError

SETTINGS: dict[str, Any] = {
    "strategy": "recursive",
    "lookback": 50,
    "layers": (8,),
    "dropout": 0.2,
    "threads": 1,
    "patience": 100,
    "checkpoint_interval_s": 0.05,
}
TRAIN = ["train", "forecast", "synth:sine,steps=1000", "--strategy", "recursive", "--lookback", "50", "--layers", "8"]
TRAIN += ["--dropout", "0.2", "--threads", "1", "--set", "train.checkpoint_interval_s=0.05"]
FOREVER = ["--epochs", "100000", "--patience", "100"]

ENDLESS_WRITE = """
import signal, time
from echoic.run import RunFolder

def say(words):
    print(words, file=sys.stderr, flush=True)

def write(*_):
    say("writing")
    while signal.getsignal(signal.SIGINT).__name__ == "record":
        time.sleep(0.01)
    say("writing on")
    while True:
        time.sleep(60)

RunFolder.write_checkpoint = write
"""
"""A checkpoint that is never done, and goes on being written when an interrupt was noticed."""


def steps(run: Path) -> list[int]:
    return sorted(int(path.stem.split("-")[1]) for path in (run / "checkpoints").glob("step-*.safetensors"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_ends_training_with_its_exit_code_within_two_seconds(
    tmp_path: Path, processes: Any, number: signal.Signals
) -> None:
    run = tmp_path / "run"
    process = processes.start(*TRAIN, *FOREVER, "--out", str(run))
    startup = processes.stopwatch(process)
    processes.until(process, lambda: bool(steps(run)))
    limit = max(2, startup.seconds())
    since = processes.stopwatch(process)
    process.send_signal(number)
    assert since.seconds_to_the_end() < limit
    code, said = processes.end(process)
    assert code == 128 + number
    stop = re.search(rf"Stopped by {number.name} after step (\d+), and saved; resume with `echoic train --resume", said)
    assert stop is not None, said
    assert str(run) in said.replace("\n", "")
    assert steps(run)[-1] == int(stop[1])
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_second_writer_is_refused_until_the_first_is_killed(tmp_path: Path, processes: Any) -> None:
    run = tmp_path / "run"
    first = processes.start(*TRAIN, *FOREVER, "--out", str(run))
    processes.until(first, lambda: bool(steps(run)))
    who = re.escape(f"is being written by process {first.pid} on {socket.gethostname()}; wait for it or stop it.")
    with pytest.raises(RunError, match=who):
        echoic.load(run).resume()
    with pytest.raises(RunError, match="already exists"):
        echoic.train("forecast", "synth:sine,steps=1000", out=run, config=SETTINGS)
    assert first.poll() is None
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    reached = steps(run)[-1]

    def stop(at: Any) -> None:
        raise KeyError(at.step)

    with pytest.raises(KeyError, match=str(reached + 1)):
        echoic.load(run).resume(stop)


@pytest.mark.slow
def test_a_second_interrupt_acts_at_once(tmp_path: Path, processes: Any) -> None:
    run = tmp_path / "run"
    process = processes.start(*TRAIN, *FOREVER, "--out", str(run), code=ENDLESS_WRITE)
    startup = processes.stopwatch(process)
    assert process.stderr.readline() == "writing\n"
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "writing on\n"
    limit = max(2, startup.seconds())
    since = processes.stopwatch(process)
    process.send_signal(signal.SIGINT)
    assert since.seconds_to_the_end() < limit
    code, _ = processes.end(process)
    assert code == 130


@pytest.mark.slow
def test_training_stopped_by_every_signal_there_is_ends_bit_for_bit_as_if_it_never_was(
    tmp_path: Path, processes: Any, content: Callable[[Path], Any]
) -> None:
    run = tmp_path / "run"
    echoic.train("forecast", "synth:sine,steps=1000", out=tmp_path / "whole", config=SETTINGS | {"epochs": 40})
    process = processes.start(*TRAIN, "--epochs", "40", "--patience", "100", "--out", str(run))
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
        reached = steps(run)[-1] if run.exists() else 0
        processes.until(process, lambda reached=reached: bool(steps(run)) and steps(run)[-1] > reached)
        process.send_signal(number)
        code, _ = processes.end(process)
        assert code == (-9 if number == signal.SIGKILL else 128 + number)
        process = processes.start("train", "--resume", str(run), "--json")
    code, said = processes.end(process)
    assert code == 0, said
    whole, resumed = content(tmp_path / "whole"), content(run)
    assert [key for key in whole if resumed.get(key) != whole[key] and key != "names"] == []
    rows = [row["step"] for row in echoic.load(run).metrics()]
    assert rows == list(range(rows[0], 40 * rows[0] + 1, rows[0]))


@pytest.mark.slow
def test_a_file_size_limit_ends_training_with_a_sentence_and_the_old_checkpoint(tmp_path: Path, processes: Any) -> None:
    run = tmp_path / "run"
    made = processes.start(*TRAIN, "--epochs", "3", "--out", str(run))
    assert processes.end(made)[0] == 0
    before = {path.name: path.read_bytes() for path in (run / "checkpoints").iterdir()}
    size = min(len(one) for one in before.values())
    limited = processes.start(
        "train",
        "--resume",
        str(run),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2)),
    )
    code, said = processes.end(limited)
    assert code not in {0, -signal.SIGXFSZ}
    assert re.search(r"cannot be written \(File too large\): raise the limit .*; earlier files are intact\.\n$", said)
    assert said.count("\n") == 1
    assert {path.name: path.read_bytes() for path in (run / "checkpoints").iterdir()} == before
    assert list(run.rglob("*.tmp")) == []
    with pytest.warns(UserWarning, match="is finished"):
        echoic.load(run).resume()


@pytest.mark.slow
def test_the_smallest_budget_leaves_a_run_that_can_be_evaluated(tmp_path: Path, processes: Any) -> None:
    run = tmp_path / "run"
    code, said = processes.end(processes.start(*TRAIN, "--minutes", "0.000001", "--out", str(run)))
    assert code == 0, said
    assert "best dev loss" in said
    code, said = processes.end(processes.start("eval", str(run)))
    assert code == 0, said


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"series.safetensors cannot be written \(No space left on device\)"):
        echoic.train("forecast", "synth:sine,steps=1000", out=tmp_path / "run", config=SETTINGS)
    monkeypatch.undo()
    echoic.train("forecast", "synth:sine,steps=1000", out=tmp_path / "run", config=SETTINGS | {"epochs": 1})
