"""The command and its signals, locks, budgets and full disks, in real processes."""

import os
import re
import resource
import signal
import socket
import time
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
TRAIN += ["--dropout", "0.2", "--threads", "1", "--patience", "100", "--set", "train.checkpoint_interval_s=0.05"]
FOREVER = ["--epochs", "100000"]


def steps(run: Path) -> list[int]:
    return sorted(int(path.stem.split("-")[1]) for path in (run / "checkpoints").glob("step-*.safetensors"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_ends_training_with_its_exit_code_within_two_seconds(
    tmp_path: Path, processes: Any, number: signal.Signals
) -> None:
    run = tmp_path / "run"
    process = processes.start(*TRAIN, *FOREVER, "--out", str(run))
    processes.until(process, lambda: bool(steps(run)))
    sent = time.monotonic()
    process.send_signal(number)
    code, said = processes.end(process)
    assert time.monotonic() - sent < 2
    assert code == 128 + number
    told = re.search(rf"Stopped by {number.name} after step (\d+), and saved; resume with `echoic train --resume", said)
    assert told is not None, said
    assert str(run) in said.replace("\n", "")
    assert steps(run)[-1] == int(told[1])
    assert "Traceback" not in said


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
    slow = "import time\nfrom echoic.run import RunFolder\n"
    slow += "def write(*_): print('writing', file=sys.stderr, flush=True); time.sleep(60)\n"
    slow += "RunFolder.write_checkpoint = write"
    process = processes.start(*TRAIN, *FOREVER, "--out", str(run), code=slow)
    assert process.stderr.readline() == "writing\n"
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    code, _ = processes.end(process)
    assert time.monotonic() - sent < 2
    assert code == 130


@pytest.mark.slow
def test_training_stopped_by_every_signal_there_is_ends_bit_for_bit_as_if_it_never_was(
    tmp_path: Path, processes: Any, content: Callable[[Path], Any]
) -> None:
    run = tmp_path / "run"
    echoic.train("forecast", "synth:sine,steps=1000", out=tmp_path / "whole", config=SETTINGS | {"epochs": 40})
    process = processes.start(*TRAIN, "--epochs", "40", "--out", str(run))
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
    assert re.search(r"cannot be written \(File too large\); what was saved before is intact\.\n$", said)
    assert said.count("\n") == 1
    assert {path.name: path.read_bytes() for path in (run / "checkpoints").iterdir()} == before
    assert list(run.rglob("*.tmp")) == []
    echoic.load(run).resume()


def exit_seconds(processes: Any) -> float:
    """How long Python takes here, from its last line on, to end a process that has loaded torch: of three, the most."""

    def once() -> float:
        process = processes.start("info", code="import atexit\natexit.register(lambda: print('over', file=sys.stderr))")
        assert process.stderr.readline() == "over\n"
        started_at = time.monotonic()
        processes.end(process)
        return time.monotonic() - started_at

    return max(once() for _ in range(3))


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [0.15, 0.25])
def test_a_budget_in_minutes_is_kept_by_the_whole_process(tmp_path: Path, processes: Any, minutes: float) -> None:
    run = tmp_path / "run"
    started_at = time.monotonic()
    process = processes.start(*TRAIN, "--minutes", str(minutes), "--out", str(run))
    said = process.stderr.readline()
    told = time.monotonic() - started_at
    code, rest = processes.end(process)
    took = time.monotonic() - started_at
    assert code == 0, said + rest
    assert "best dev loss" in said
    latest = 1.05 * 60 * minutes + 0.5
    assert 0.9 * 60 * minutes < told < latest
    # What comes after the last line is Python's own.
    assert took < latest + exit_seconds(processes)
    echoic.load(run).folder.read_model()


def test_a_run_without_room_for_anything_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"codec.json: cannot be written \(No space left on device\)"):
        echoic.train("forecast", "synth:sine,steps=1000", out=tmp_path / "run", config=SETTINGS)
    monkeypatch.undo()
    echoic.train("forecast", "synth:sine,steps=1000", out=tmp_path / "run", config=SETTINGS | {"epochs": 1})
