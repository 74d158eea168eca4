"""Notes on clips and recordings reach their user: in the run folder, in `check`, in the report, and with new data."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import echoic
from echoic.api.overfit_check import check
from echoic.api.report import write_report
from echoic.api.run import Run

RATE_HZ = 4000
TINY: dict[str, Any] = {"layers": (4,), "n_mels": 8, "epochs": 1, "threads": 1, "cache_dir": None}


def tone(path: Path, hz: float, rate_hz: int = RATE_HZ) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = 0.01 * np.random.default_rng(abs(hash(path.name)) % 1000).standard_normal(rate_hz // 5)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hz * np.arange(len(noise)) / rate_hz) + noise, rate_hz)
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("clips")
    for split, count in (("train", 5), ("test", 2)):
        for number in range(count):
            tone(place / split / "low" / f"{split}{number}.wav", 200)
            tone(place / split / "high" / f"{split}{number}.wav", 900)
    shutil.copy(place / "train" / "low" / "train0.wav", place / "test" / "low" / "same.wav")
    shutil.copy(place / "train" / "low" / "train0.wav", place / "train" / "high" / "wrong.wav")
    return place


@pytest.fixture(scope="module")
def run(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return echoic.train("classify", clips, out=tmp_path_factory.mktemp("run") / "run", **TINY)


WANTED = (
    "The folders test, train were read as splits, the folders in them as classes.",
    "With the same content as another clip: 2 clips, such as ",
    "With the same content as another clip, but different labels: 1 clip (train/high/wrong.wav like ",
    "With the same content in two of train, dev and test, so that scores are too good: ",
)


def test_notes_are_in_the_run_folder_and_in_the_report(run: Run) -> None:
    notes = run.config["data"]["report"]["notes"]
    assert [note[: len(begin)] for note, begin in zip(notes, WANTED, strict=True)] == list(WANTED)
    page = write_report([run]).read_text("utf-8")
    assert "Notes on the data" in page
    assert "were read as splits" in page


def test_check_calls_with_the_notes(clips: Path) -> None:
    seen = list[str]()
    check("classify", clips, config=TINY, steps=1, on_notes=seen.extend)
    assert seen[0] == WANTED[0]


def test_empty_splits_are_named(tmp_path: Path) -> None:
    for name in ("low", "high"):
        for number in range(4):
            tone(tmp_path / "clips" / name / f"{name}{number}.wav", 200 + 50 * number)
    report = echoic.prepare("classify", tmp_path / "clips", split=(1, 0, 0), **TINY).task.data_report()
    assert [note.split(":")[0] for note in report["notes"]] == ["The dev split is empty", "The test split is empty"]
    folds = echoic.prepare("classify", tmp_path / "clips", folds=2, **TINY).task.data_report()
    assert not any("The test split is empty" in note for note in folds["notes"])


def test_new_sound_of_a_lower_rate_is_named_in_predict_and_eval(run: Run, tmp_path: Path) -> None:
    narrow, full = tone(tmp_path / "low" / "a.wav", 200, 2000), tone(tmp_path / "low" / "b.wav", 200)
    words = (
        r"lower rate than the 4,000 Hz that the network was trained at: 1 file \(.*a\.wav\)\. From 1,000 to 2,000 Hz"
    )
    for files in (narrow, [narrow, full], tmp_path):
        with pytest.warns(UserWarning, match=words):
            run.predict(files)
    run.predict([full])  # warnings are errors
    assert any("lower rate than the 4,000 Hz" in note for note in run.evaluate(tmp_path).notes)
    assert not run.evaluate().notes


def test_files_of_one_name_have_rows_of_their_own(run: Run, tmp_path: Path) -> None:
    files = [tone(tmp_path / "a" / "0.wav", 200), tone(tmp_path / "b" / "0.wav", 900)]
    assert run.predict(files)["file"].tolist() == ["a/0.wav", "b/0.wav"]
    assert run.predict(files[:1])["file"].tolist() == ["0.wav"]


def test_evaluations_have_confusions_and_scores_of_classes(run: Run) -> None:
    found = run.evaluate().details
    assert found["by_class"].keys() == {"high", "low"}
    assert sum(one["clips"] for one in found["by_class"].values()) == found["clips"]
    wrong = round((1 - run.evaluate().scores["accuracy"]) * found["clips"])
    assert sum(one["clips"] for one in found["confusions"]) == wrong
