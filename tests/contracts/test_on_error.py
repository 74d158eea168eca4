"""Files, clips and series that cannot be used: left out and listed, or all named at once, for every job."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from job_data import beeps, hum, lines, phrases, signals
from setting_changes import TINY
from setting_changes.music import LINES, midi
from setting_changes.tables import wave

import echoic
from echoic.errors import ConfigError, DataError
from echoic.jobs import JOBS

BAD = ("bad-1", "bad-2")


def forecast(folder: Path) -> Path:
    """Two series, and two that are too short for the split."""
    rows = [f"{name},{wave(row)}" for name in ("a", "b") for row in range(400)]
    rows += [f"{name},{row}" for name in BAD for row in range(3)]
    path = folder / "many.csv"
    path.write_text("\n".join(["unique_id,y", *rows]))
    return path


def music(folder: Path) -> Path:
    """Songs, and two files that are none."""
    place = midi(folder)
    return damaged(place if place.is_dir() else place.parent, ".mid")


def text(folder: Path) -> Path:
    """A text, and two files that are none."""
    return damaged(lines(folder).parent, ".txt")


def audio(folder: Path) -> Path:
    """A recording, and two damaged ones."""
    return damaged(hum(folder).parent, ".wav")


def classify(folder: Path) -> Path:
    """Clips, of which two files are damaged."""
    table = beeps(folder)
    damaged(folder, ".wav")
    table.write_text(table.read_text() + "".join(f"\n{name}.wav,low,train" for name in BAD))
    return table


def detect(folder: Path) -> Path:
    """Recordings, of which two are damaged."""
    table = signals(folder)
    damaged(folder, ".wav")
    table.write_text(table.read_text() + "".join(f"\n{name}.wav,0.1,0.2,low,train" for name in BAD))
    return table


def pairs(folder: Path) -> Path:
    """Two series, and two without a target."""
    rows = [f"{name},{wave(row)},{wave(row + 1)}" for name in ("a", "b") for row in range(200)]
    rows += [f"{name},{row}," for name in BAD for row in range(3)]
    path = folder / "pairs.csv"
    path.write_text("\n".join(["unique_id,u,y", *rows]))
    return path


def transcribe(folder: Path) -> Path:
    """Recordings with texts, of which two are damaged."""
    table = phrases(folder)
    damaged(folder, ".wav")
    table.write_text(table.read_text() + "".join(f"\n{name}.wav,abc,train" for name in BAD))
    return table


def damaged(folder: Path, ending: str) -> Path:
    for name in BAD:
        (folder / f"{name}{ending}").write_bytes(b"\0\1\2 no data")
    return folder


CASES: dict[str, Callable[[Path], Path]] = {
    "forecast": forecast,
    "music": music,
    "text": text,
    "audio": audio,
    "classify": classify,
    "detect": detect,
    "map": pairs,
    "transcribe": transcribe,
}
CONFIG: dict[str, dict[str, Any]] = {
    job: {name: value for name, value in TINY[job].items() if job != "music" or name not in LINES} for job in JOBS
}
NAMED = re.compile(r"\b2 of \d+ .*bad-1.*bad-2", re.DOTALL)


def test_every_job_has_a_case() -> None:
    assert CASES.keys() == JOBS.keys()


@pytest.mark.parametrize("job", JOBS)
def test_training_skips_what_cannot_be_used_and_lists_it(tmp_path: Path, job: str) -> None:
    data = CASES[job](tmp_path)
    run = echoic.train(job, data, out=tmp_path / "run", config=CONFIG[job])
    notes = run.config["data"]["report"]["notes"]
    (start,) = [number for number, note in enumerate(notes) if re.fullmatch(r"[A-Z][a-z]+ skipped \(2\):", note)]
    assert ["bad-1" in notes[start + 1], "bad-2" in notes[start + 2]] == [True, True]
    with pytest.warns(UserWarning, match="finished"):
        echoic.load(run.path).resume()  # reads the same data again
    if job != "forecast":
        with pytest.warns(UserWarning, match=r"Skipped 2:\n.*bad-1.*\n.*bad-2"):
            run.evaluate(data)
        with pytest.raises(DataError, match=NAMED):
            run.evaluate(data, on_error="stop")


@pytest.mark.parametrize("job", JOBS)
def test_stop_names_everything_that_cannot_be_used_at_once(tmp_path: Path, job: str) -> None:
    with pytest.raises(DataError, match=NAMED) as stopped:
        echoic.prepare(job, CASES[job](tmp_path), config=CONFIG[job], on_error="stop")
    assert "\n" not in str(stopped.value)


def test_series_that_cannot_be_scored_or_continued_do_not_stop_the_others(tmp_path: Path) -> None:
    run = echoic.train("forecast", forecast(tmp_path), out=tmp_path / "run", config=TINY["forecast"])
    rows = [f"{name},{wave(row)}" for name in ("p", "q") for row in range(300)]
    (tmp_path / "good.csv").write_text("\n".join(["unique_id,y", *rows]))
    (tmp_path / "new.csv").write_text("\n".join(["unique_id,y", *rows, "torn,1", "torn,?"]))
    skipped = r"Skipped 1 of 3:\n  torn: .*'\?'"
    with pytest.warns(UserWarning, match=skipped):
        assert run.evaluate(tmp_path / "new.csv").scores == run.evaluate(tmp_path / "good.csv").scores
    with pytest.warns(UserWarning, match=skipped):
        assert len(run.backtest(tmp_path / "new.csv")["y"]) == len(run.backtest(tmp_path / "good.csv")["y"])
    with pytest.warns(UserWarning, match=skipped):
        made = run.generate(5, prime=tmp_path / "new.csv")
    assert [one.name for one in made] == ["p", "q"]
    with pytest.warns(UserWarning, match=skipped):
        run.write(tmp_path / "out.csv", 5, prime=tmp_path / "new.csv")
    assert (tmp_path / "out.csv").read_text().count("\n") == 11
    uses: Any = (run.evaluate, lambda data, on_error: run.generate(5, prime=data, on_error=on_error))
    for use in uses:
        with pytest.raises(DataError, match=r"new\.csv"):
            use(tmp_path / "new.csv", on_error="stop")
        with pytest.raises(ConfigError, match="`on_error` must be skip or stop, got 'ignore'"):
            use(tmp_path / "new.csv", on_error="ignore")


def test_a_series_without_a_value_in_train_is_skipped_and_one_alone_is_an_error(tmp_path: Path) -> None:
    empty = [f"e,{row if row > 350 else ''}" for row in range(400)]
    path = tmp_path / "many.csv"
    path.write_text("\n".join(["unique_id,y", *(f"a,{wave(row)}" for row in range(400)), *empty]))
    prepared = echoic.prepare("forecast", path, config=TINY["forecast"])
    assert [one.name for one in prepared.task.kept_series] == ["a"]
    with pytest.raises(DataError, match=r"'y' of .* has no value in the train split"):
        echoic.prepare("forecast", np.array([np.nan] * 300 + [1.0] * 100), config=TINY["forecast"])


def test_a_choice_without_effect_is_refused() -> None:
    clips: Any = np.zeros((8, 20, 2), np.float32)
    with pytest.raises(ConfigError, match="`on_error` has no effect on arrays of clips"):
        echoic.prepare("classify", clips, labels=["a", "b"] * 4, on_error="stop")
