"""The command on runs: training that goes on from one, one that is finished, and files that cannot be predicted."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import echoic
from echoic.cli import main

Line = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Line:
    """Runs a line in a folder with a table and a run; returns exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    values = np.sin(np.arange(120) / 3)
    np.savetxt("wave.csv", values, header="y", comments="")
    echoic.train("forecast", "wave.csv", out="run", lookback=8, horizon=3, layers=(4,), epochs=1, threads=1)

    def run(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["echoic", *line.split()])
        with pytest.raises(SystemExit) as stopped:
            main()
        streams = capsys.readouterr()
        return int(stopped.value.code or 0), streams.out, streams.err

    return run


@pytest.mark.parametrize(
    "line", ["train --from run", "train forecast wave.csv --from run", "train wave.csv --from=run"]
)
def test_training_goes_on_from_a_run_with_or_without_the_name_of_its_job(command: Line, line: str) -> None:
    code, out, err = command(f"{line} --out more --epochs 2 --json")
    assert (code, json.loads(out)["epochs"]) == (0, 2), err
    assert (echoic.load("more").path / "initial.safetensors").is_file()


@pytest.mark.filterwarnings("default")
def test_resuming_a_finished_run_says_that_it_is_finished(command: Line) -> None:
    before = echoic.load("run").folder.read_model()[1]
    code, _, err = command("train --resume run")
    assert code == 0
    assert "run is finished: no step was left. To train on: `echoic train --from run -o NEW`" in err
    assert echoic.load("run").folder.read_model()[1] == before


@pytest.mark.filterwarnings("default")
def test_files_that_cannot_be_predicted_are_counted_and_listed(command: Line) -> None:
    code, out, err = command("predict run wave.csv gone.csv --json")
    assert (code, len(json.loads(out))) == (0, 3)
    assert "echoic: Skipped 1 of 2:\n  gone.csv: " in err
    code, out, err = command("predict run wave.csv gone.csv --json --on-error stop")
    assert (code, out) == (2, "")
    assert err.startswith("echoic: gone.csv")


def test_what_dev_decided_is_said_of_the_runs_own_data_and_not_with_each_prediction(command: Line) -> None:
    (note, *_) = echoic.load("run").notes()
    assert note in command("eval run")[2]
    for line in ("predict run", "predict run wave.csv", "eval run wave.csv"):
        code, _, err = command(line)
        assert code == 0
        assert note not in err
