"""Signals at named moments of a command: one sentence, the exit code of the signal, and nothing left half written."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import echoic.cli
from echoic.errors import Interrupted
from echoic.signals import ENDING, ending_in_order, handling
from echoic.writers.files import replacing
from echoic.writers.sound import SoundWriter
from echoic.writers.tables import write_table

Run = Callable[[Callable[[], object]], tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `work` as the command; its exit code and what it says."""

    def run_work(work: Callable[[], object]) -> tuple[int, str]:
        monkeypatch.setattr(echoic.cli, "make_app", lambda _: lambda **_options: work())
        with pytest.raises(SystemExit) as ended:
            echoic.cli.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return run_work


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", ENDING)
def test_each_signal_ends_the_command_with_a_sentence_and_its_exit_code(run: Run, number: signal.Signals) -> None:
    before = [signal.getsignal(one) for one in ENDING]
    assert run(lambda: send(number)) == (128 + number, f"echoic: stopped by {number.name}.\n")
    assert [signal.getsignal(one) for one in ENDING] == before


@pytest.mark.parametrize("kind", ["csv", "parquet", "wav", "flac", "bytes"])
def test_a_signal_in_the_middle_of_a_write_leaves_the_old_file_and_nothing_else(
    run: Run, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"out.{kind}"
    path.write_bytes(b"old")

    def write() -> None:
        if kind in {"csv", "parquet"}:
            write_table(path, {"a": Sending()})
        elif kind == "bytes":
            with replacing(path) as part:
                part.write_bytes(b"torn")
                send(signal.SIGTERM)
        else:
            with SoundWriter(path, 8000) as writer:
                writer.write(np.zeros(100, np.float32))
                send(signal.SIGTERM)

    assert run(write)[0] == 128 + signal.SIGTERM
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(path.name, b"old")]


class Sending(list[float]):
    """Values that send a signal when they are read."""

    def __len__(self) -> int:
        send(signal.SIGTERM)
        return 0


def test_signals_during_the_clean_up_change_nothing(run: Run, tmp_path: Path) -> None:
    def write() -> None:
        try:
            with replacing(tmp_path / "out") as part:
                part.write_bytes(b"torn")
                send(signal.SIGINT)
        finally:
            for number in ENDING:
                send(number)
            (tmp_path / "cleaned").touch()

    assert run(write) == (130, "echoic: stopped by SIGINT.\n")
    assert [one.name for one in tmp_path.iterdir()] == ["cleaned"]


def test_a_second_signal_acts_where_the_first_was_swallowed(run: Run) -> None:
    def swallow() -> None:
        with contextlib.suppress(BaseException):  # as a library may do
            send(signal.SIGTERM)
        send(signal.SIGINT)

    assert run(swallow)[0] == 130


def test_a_signal_in_a_destructor_is_not_lost(run: Run) -> None:
    class Ending:
        def __del__(self) -> None:
            send(signal.SIGTERM)

    def destroy() -> None:
        one: Any = Ending()
        del one
        signal.sigtimedwait([], 60)  # any signal ends the wait

    assert run(destroy) == (143, "echoic: stopped by SIGTERM.\n")


def test_the_clean_up_after_a_training_that_was_stopped_is_not_disturbed(run: Run) -> None:
    def stopped() -> None:
        try:
            raise Interrupted("Stopped by SIGTERM, and saved.", signal.SIGTERM)
        finally:
            send(signal.SIGINT)

    assert run(stopped) == (143, "echoic: Stopped by SIGTERM, and saved.\n")


def test_ignored_signals_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_in_order():
            send(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_handlers_can_be_restored_early() -> None:
    before = [signal.getsignal(number) for number in ENDING]
    with handling(lambda *_: None) as restore:
        restore()
        assert [signal.getsignal(number) for number in ENDING] == before


@pytest.mark.filterwarnings("ignore:.*is finished")
@pytest.mark.parametrize("number", ENDING)
def test_training_that_is_stopped_while_it_calibrates_says_how_to_go_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    out = tmp_path / "run"
    train: dict[str, Any] = {"lookback": 8, "layers": (4,), "epochs": 1, "threads": 1}
    wave = np.sin(np.arange(120, dtype=np.float32) / 4)
    with monkeypatch.context() as patch:
        patch.setattr("echoic.run.RunFolder.write_calibration", lambda *_: send(number))
        code, said = run(lambda: echoic.train("forecast", wave, out=out, **train))
    assert code == 128 + number
    assert said.startswith(f"echoic: Stopped by {number.name}; resume with `")
    echoic.load(out, data=wave).resume()
    assert (out / "calibration.json").is_file()
