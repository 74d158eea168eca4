"""Detectors of labels that are active together."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from job_data import overlapping, signals

import echoic
from echoic.api.report import write_report
from echoic.api.run import Run
from echoic.heads import Bernoulli, Categorical
from echoic.labelled import separation
from echoic.sources.audio import decoding
from echoic.sources.memory import Recordings

TINY: dict[str, Any] = {
    "n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "conv_stride": 2, "layers": (16,), "excerpt_s": 1.0,
    "batch_size": 4, "epochs": 30, "lr": 2e-2, "dropout": 0, "threads": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overlapping")
    overlapping(folder)
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return echoic.train("detect", folder / "events.csv", out=folder / "run", **TINY)


def notes(run: Run) -> str:
    return "\n".join(run.config["data"]["report"]["notes"])


def test_labels_that_overlap_are_detected_each_by_itself(run: Run) -> None:
    assert isinstance(run.model.head, Bernoulli)
    assert run.config["settings"]["detector"]["overlap"] is True
    assert "% of their time; each label is detected by itself." in notes(run)
    found = run.evaluate()
    assert found.postprocessed["frame_error_rate"] < 0.06
    assert found.postprocessed["segment_f1"] > 0.9
    assert found.postprocessed["frame_error_rate"] < found.baselines["energy_threshold"]["frame_error_rate"]
    assert 0 < found.baselines["logistic_regression"]["frame_error_rate"] < 0.1  # a tone can be seen in one frame
    table = run.predict()
    assert set(table["label"]) == {"low", "high"}
    assert (table["onset_s"][1:] >= table["onset_s"][:-1]).all()
    assert (table["onset_s"][1:] < table["offset_s"][:-1] - 0.02).sum() > 3
    assert table["confidence"].min() > 0.5
    assert table["confidence"].max() <= 1


def test_one_label_at_a_time_misses_what_overlaps(folder: Path, run: Run) -> None:
    single = echoic.train("detect", folder / "events.csv", out=folder / "single", overlap=False, **TINY)
    assert isinstance(single.model.head, Categorical)
    assert "in which the later one counts (--overlap detects each label by itself)." in notes(single)
    table = single.predict()
    assert (table["onset_s"][1:] >= table["offset_s"][:-1] - 1e-9).all()
    assert single.evaluate().postprocessed["event_f1"] < run.evaluate().postprocessed["event_f1"] - 0.2
    # New data that overlap are scored with a note.
    assert any("the later one counts" in note for note in single.evaluate(folder / "events.csv").notes)
    assert not any("later one" in note for note in run.evaluate(folder / "events.csv").notes)


def test_data_without_overlap_keep_one_track(tmp_path: Path) -> None:
    run = echoic.train("detect", signals(tmp_path), out=tmp_path / "run", **TINY | {"epochs": 1})
    assert isinstance(run.model.head, Categorical)
    assert run.config["settings"]["detector"]["overlap"] is False
    assert "overlap" not in notes(run)


def test_overlaps_outside_of_training_are_noted(tmp_path: Path) -> None:
    path = signals(tmp_path)
    test = [row for row in path.read_text().splitlines() if row.endswith(",test")]
    name, onset_s, offset_s, label, split = test[0].split(",")
    other = "low" if label == "high" else "high"
    path.write_text(f"{path.read_text()}\n{name},{onset_s},{float(offset_s) - 0.02},{other},{split}\n")
    run = echoic.train("detect", path, out=tmp_path / "run", **TINY | {"epochs": 1})
    assert isinstance(run.model.head, Categorical)
    assert "in which the later one counts" in notes(run)


def test_a_loaded_run_scores_files_in_blocks_as_recordings_in_memory(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = echoic.load(run.path)
    assert again.evaluate().scores == run.evaluate().scores
    (name,) = (path.name for path in folder.glob("test*.wav"))
    rows = [row for row in (folder / "events.csv").read_text().splitlines() if name in row]
    (folder / "new.csv").write_text(
        "\n".join(["file,onset_s,offset_s,label", *(row.rpartition(",")[0] for row in rows)])
    )
    monkeypatch.setattr(decoding, "BLOCK_FRAMES", 1500)
    monkeypatch.setattr(separation, "FEWEST_FRAMES", 50)
    found, expected = again.evaluate(folder / "new.csv"), run.evaluate()
    assert found.scores == pytest.approx(expected.scores, abs=5e-3)
    assert found.postprocessed == pytest.approx(expected.postprocessed, abs=5e-3)
    assert found.baselines["logistic_regression"] == pytest.approx(expected.baselines["logistic_regression"], abs=5e-3)
    json.dumps(found.details)


def test_a_bidirectional_network_detects_them_too(folder: Path) -> None:
    run = echoic.train("detect", folder / "events.csv", out=folder / "both", bidirectional=True, **TINY)
    assert run.evaluate().postprocessed["frame_error_rate"] < 0.06


def test_the_report_shows_them(run: Run) -> None:
    write_report([run])
    assert (run.folder.figures / "events.png").is_file()


def test_sound_in_memory_may_have_events_that_overlap(folder: Path) -> None:
    sounds, events = [], []
    rows = [row.split(",") for row in (folder / "events.csv").read_text().splitlines()[1:]]
    for path in sorted(folder.glob("*.wav")):
        sounds.append(soundfile.read(path, dtype="float32")[0])
        events.append([(float(on), float(off), label) for file, on, off, label, _ in rows if file == path.name])
    run = echoic.train("detect", Recordings(sounds, 2000, events), split=(0.5, 0.25, 0.25), **TINY | {"epochs": 1})
    assert run.fitted.task.tracks.overlap


def test_steps_of_sensors_may_have_events_that_overlap() -> None:
    draws = np.random.default_rng(0)
    values, events = [], []
    for _ in range(12):
        active = np.repeat(draws.integers(2, size=(10, 2)), 20, 0)
        values.append((active + 0.1 * draws.standard_normal(active.shape)).astype(np.float32))
        events.append([
            (20 * at, 20 * at + 20, label)
            for column, label in enumerate("ab")
            for at in np.flatnonzero(active[::20, column]).tolist()
        ])  # fmt: skip
    run = echoic.train("detect", values, events=events, step_rate_hz=1.0, epochs=40, layers=(16,), threads=1)
    assert run.fitted.task.tracks.overlap
    found = run.evaluate()
    assert found.scores["frame_error_rate"] < 0.1
    assert set(found.baselines) == {"logistic_regression", "majority"}
