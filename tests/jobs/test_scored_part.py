"""New data that assign splits, such as a folder of training that has moved."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from job_data import beeps, signals, tunes

import echoic


@pytest.mark.parametrize(
    ("job", "data", "said"),
    [
        ("classify", beeps, "16 of 48 clips"),
        ("detect", signals, "1 of 3 recordings"),
        ("music", tunes, "4 of 12 songs"),
    ],
)
def test_the_test_split_of_moved_data_has_the_scores_of_the_runs_own(
    tmp_path: Path, job: str, data: Callable[[Path], Path], said: str
) -> None:
    (tmp_path / "first").mkdir()
    path = data(tmp_path / "first")
    run = echoic.train(job, path, layers=(4,), epochs=1, threads=1, out=tmp_path / "run")
    own = run.evaluate().rows
    shutil.move(tmp_path / "first", tmp_path / "second")
    moved = echoic.load(tmp_path / "run").evaluate(tmp_path / "second" / path.name)
    assert moved.rows["model"] == own["model"]
    note = f"The new data assign splits: only their test split is scored, {said}."
    assert note in moved.notes
