"""Detection in recordings of sensors: tables with one row per step, and arrays with a label per step or with events."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import echoic
from echoic.api.report import write_report
from echoic.config import EventDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.sources.events import events_of
from echoic.types import Event

TINY: dict[str, Any] = {"layers": (12,), "conv_channels": (8,), "epochs": 12, "threads": 1, "lr": 1e-2, "dropout": 0.0}
SPEED = {"": 0.1, "walk": 0.8, "run": 1.9}


def moving(steps: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Three axes `(steps, 3)` that swing with the activity, and the activity of each step: none, walk or run."""
    draws, labels = np.random.default_rng(seed), list[str]()
    while len(labels) < steps:
        labels += [["", "walk", "run"][int(draws.integers(3))]] * int(draws.integers(20, 60))
    labels = labels[:steps]
    phase = np.cumsum([SPEED[label] for label in labels])
    axes = np.stack([np.sin(phase), np.cos(phase), np.sin(2 * phase)], 1)
    size = np.array([0.1 if label == "" else 1.0 for label in labels])[:, None]
    return size * axes + 0.05 * draws.standard_normal((steps, 3)), labels


def table(path: Path, *recordings: tuple[np.ndarray, list[str]], **columns: list[str]) -> Path:
    values = np.concatenate([one for one, _ in recordings])
    frame = pl.DataFrame(
        dict(zip(("ax", "ay", "az"), values.T, strict=True))
        | {"label": [label for _, own in recordings for label in own]}
    )
    frame.with_columns(*(pl.Series(name, column) for name, column in columns.items())).write_csv(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sensors")
    table(place / "one.csv", moving(1500, 0))
    recordings = [moving(300, seed) for seed in range(6)]
    splits = ["train", "train", "train", "train", "dev", "test"]
    table(
        place / "six.csv",
        *recordings,
        person=[f"p{number}" for number in range(6) for _ in range(300)],
        split=[split for split in splits for _ in range(300)],
    )
    return place


@pytest.fixture(scope="module")
def run(folder: Path) -> echoic.Run:
    return echoic.train("detect", folder / "one.csv", out=folder / "run", step_rate_hz=50, **TINY)


def test_rows_with_one_label_are_an_event_and_rows_without_are_none(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text("x,label,who\n1,,a\n2,up,a\n3,up,a\n4,down,a\n5,up,b\n6,,b\n")
    found = read(path, EventDataSettings(id="who", step_rate_hz=2))
    assert [(one.name, one.features, one.values[:, 0].tolist()) for one in found.series] == [
        ("a", ("x",), [1, 2, 3, 4]),
        ("b", ("x",), [5, 6]),
    ]
    assert [events_of(one) for one in found.series] == [
        [Event(0.5, 1.5, "up"), Event(1.5, 2.0, "down")],
        [Event(0.0, 0.5, "up")],
    ]
    assert found.report.to_json()["labels"] == {"down": 1, "up": 2}


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (
            "x,label,who\n1,a,p\n2,a,q\n3,b,p\n",
            {"id": "who"},
            "the recording 'p' has rows after those of another",
        ),
        ("x,label,who\n1,a,p\n2,a,\n", {"id": "who"}, "the row belongs to no recording"),
        ("x,label\n1,a\ntwo,a\n", {}, "'two'"),
        ("label\na\nb\n", {}, "no column of values is left"),
        ("x,label\n1,a\n", {"features": ("y",)}, "`features`: .* has no column 'y'"),
        ("x,label\n1,a\n", {"rate_hz": 2000}, "`rate_hz` has no effect on a table with one row per step"),
        (
            "file,onset_s,offset_s,label\na.wav,0,1,x\n",
            {"step_rate_hz": 5},
            "`step_rate_hz` has no effect on a table of",
        ),
    ],
)
def test_a_wrong_table_is_refused_by_its_place(
    tmp_path: Path, content: str, settings: dict[str, Any], message: str
) -> None:
    (tmp_path / "steps.csv").write_text(content)
    with pytest.raises((DataError, ConfigError), match=message):
        read(tmp_path / "steps.csv", EventDataSettings(**settings))


def test_a_single_recording_is_cut_in_time(run: echoic.Run) -> None:
    report = run.config["data"]["report"]
    lengths = {split: [one.steps for one in run.fitted.task.series(split)] for split in ("train", "dev", "test")}
    assert lengths == {"train": [1200], "dev": [150], "test": [150]}
    assert report["rate_hz"] == 50


def test_the_detector_beats_its_baselines_and_says_so(run: echoic.Run) -> None:
    evaluation = run.evaluate()
    assert evaluation.baselines.keys() == {"logistic_regression", "majority"}
    best = min(row["frame_error_rate"] for row in evaluation.baselines.values())
    assert evaluation.scores["frame_error_rate"] < best / 2
    page = write_report([run]).read_text("utf-8")
    assert "Standardised value" in page


def test_new_tables_and_arrays_are_predicted_and_scored_alike(run: echoic.Run, tmp_path: Path) -> None:
    values, labels = moving(400, 9)
    new = table(tmp_path / "new.csv", (values, labels))
    frame = pl.read_csv(new)
    events = run.predict(new)
    assert events["label"].tolist() == run.predict(frame.drop("label"))["label"].tolist()
    np.testing.assert_allclose(events["onset_s"], run.predict(values)["onset_s"], atol=1e-6)
    assert events["offset_s"].max() <= 8.0
    scores = run.evaluate(new).scores
    assert scores == pytest.approx(run.evaluate(values, labels=labels).scores)
    assert scores == pytest.approx(run.evaluate(frame).scores)
    spans = [(one.onset_s, one.offset_s, one.label) for one in events_of(read(new, run.settings.data).series[0])]
    assert scores == pytest.approx(run.evaluate([values], events=[spans]).scores)


def test_recordings_by_name_with_their_splits(folder: Path) -> None:
    prepared = echoic.prepare("detect", folder / "six.csv", id="person", **TINY)
    task: Any = prepared.task
    assert {split: len(task.series(split)) for split in ("train", "dev", "test")} == {"train": 4, "dev": 1, "test": 1}
    assert task.labels == ("run", "walk")
    classes = task.frames_of(task.series("test"), task.steps["test"])[0][0]
    numbers = {"": 0, "run": 1, "walk": 2}
    assert classes.tolist() == [numbers[label] for label in moving(300, 5)[1]]


def test_arrays_of_several_recordings_with_labels() -> None:
    recordings = [moving(200 + 10 * seed, seed) for seed in range(10)]
    arrays, labels = zip(*recordings, strict=True)
    task: Any = echoic.prepare("detect", list(arrays), labels=list(labels), **TINY).task
    assert sum(one.steps for split in ("train", "dev", "test") for one in task.series(split)) == 2450
    with pytest.raises(
        DataError, match="`labels`, recording 0: there must be a label for each of its 200 steps, got 3"
    ):
        echoic.prepare("detect", list(arrays[:1]), labels=[["a", "b", "c"]], **TINY)
    with pytest.raises(ConfigError, match="need `labels`, one for each step, or `events`"):
        echoic.prepare("detect", list(arrays), step_rate_hz=50, **TINY)


def test_sound_is_refused_by_a_run_on_sensors(run: echoic.Run, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(DataError, match="was trained on recordings of sensors; give a table"):
        run.predict(tmp_path / "a.wav")
    with pytest.raises(DataError, match="has 2 features, but the run was trained on 3"):
        run.predict(np.zeros((50, 2)))


def test_columns_of_new_tables_are_taken_by_name(run: echoic.Run, tmp_path: Path) -> None:
    new = table(tmp_path / "new.csv", moving(300, 7))
    expected = run.predict(new)
    frame = pl.read_csv(new)
    frame.select("az", pl.lit(0.0).alias("battery"), "label", "ay", "ax").write_csv(tmp_path / "moved.csv")
    moved = run.predict(tmp_path / "moved.csv")
    for name in ("onset_s", "offset_s", "label", "confidence"):
        np.testing.assert_array_equal(moved[name], expected[name])
    frame.rename({"ay": "b"}).write_csv(tmp_path / "renamed.csv")
    with pytest.raises(ConfigError, match=r"`features`: .*renamed\.csv has no column 'ay'"):
        run.predict(tmp_path / "renamed.csv")


def test_without_a_rate_times_are_called_steps(tmp_path: Path) -> None:
    run = echoic.train("detect", table(tmp_path / "one.csv", moving(600, 0)), **(TINY | {"epochs": 2}))
    evaluation = run.evaluate()
    assert evaluation.description.startswith("1 recording, 60 steps")
    assert "extra_transitions_per_step" in evaluation.scores
    assert "steps" in evaluation.details
    events = run.predict(table(tmp_path / "new.csv", moving(50, 1)))
    assert list(events) == ["file", "onset_step", "offset_step", "label", "confidence"]
    assert events["onset_step"].dtype == np.int64
    assert (events["onset_step"] < events["offset_step"]).all()
    assert (events["offset_step"] <= 50).all()
