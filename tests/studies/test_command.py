"""`echoic tune` on the command line, without training."""

import sys
from pathlib import Path
from typing import Any

import pytest

import echoic
from echoic.cli import main
from echoic.config.search import default_space
from echoic.errors import RunError
from echoic.jobs import JOBS, settings_class
from echoic.run.lock import file_lock
from echoic.studies.winner import winning_run


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["echoic", *words])
        monkeypatch.setenv("COLUMNS", "120")
        with monkeypatch.context() as patch:
            patch.setattr("warnings.showwarning", None)
            with pytest.raises(SystemExit) as ended:
                main()
        assert not ended.value.code
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("job", JOBS)
def test_the_space_of_a_job_is_printed_without_data(command: Any, job: str) -> None:
    lines = command("tune", job, "--space").splitlines()
    shown = {line.split()[0]: line.split()[1] for line in lines[3:] if line.strip(" ─")}
    assert shown.keys() >= default_space(job, settings_class(job)).keys()
    assert shown["lr"] == "0.0003..0.03,log"


def test_the_printed_space_is_that_of_the_study(command: Any) -> None:
    assert " lr " not in command("tune", "forecast", "--space", "--fix", "lr=0.1")
    assert " lr " not in command("tune", "forecast", "--space", "--lr", "0.1")
    searched = command("tune", "forecast", "--space", "--search", "forget_bias=0..2", "--search", "layers=4;8,8")
    assert "forget_bias 0..2 cell lstm" in " ".join(searched.split())
    assert "layers 4;8,8" in " ".join(searched.split())


def test_a_study_without_a_winner_says_how_to_go_on(define: Any) -> None:
    folder, _ = define()
    with pytest.raises(RunError, match=rf"has no winner yet; resume it with `echoic tune --resume {folder}`"):
        winning_run(folder)
    assert winning_run(Path("any")) == Path("any")


def test_a_winner_is_not_copied_while_a_process_works_on_the_study(define: Any) -> None:
    folder, _ = define()
    with file_lock(folder / "study.lock"), pytest.raises(RunError, match="is being written by process"):
        echoic.load_study(folder).collect()


def test_a_folder_of_a_study_or_of_seeds_is_named_where_a_run_is_needed(define: Any, tmp_path: Path) -> None:
    folder, _ = define()
    with pytest.raises(RunError, match=rf"it is a study: resume it with `echoic tune --resume {folder}`"):
        echoic.load(folder)
    made = echoic.train_seeds(
        "forecast", "synth:sine,steps=200", seeds=2, out=tmp_path / "x", lookback=16, layers=(4,), epochs=1, threads=1
    )
    with pytest.raises(RunError, match=rf"a run for each of several seeds: name one, such as {made.path / '0'}"):
        echoic.load(made.path)
