"""A run folder is enough for new data, for every job: its training data may have moved, changed or be gone."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from job_data import SIZES, beeps, driven, hum, lines, phrases, signals, sine, tunes

import echoic
from echoic.api.report import write_report
from echoic.api.run import Run
from echoic.api.summaries import run_info
from echoic.errors import RunError, TrainingDataError
from echoic.jobs import JOBS
from echoic.jobs.capabilities import Generates, Predicts


class Case(NamedTuple):
    """Data, settings of a small run, and what to generate."""

    data: Callable[..., Any]
    settings: dict[str, Any]
    output: str = ""
    length: Any = None
    prime: Any = None


def table(folder: Path, _changed: str | None = None) -> Path:
    np.savetxt(folder / "sine.csv", sine(folder), header="y", comments="", fmt="%.7g")
    return folder / "sine.csv"


COMMON: dict[str, Any] = {"epochs": 1, "threads": 1, "layers": (8,)}

CASES = {
    "forecast": Case(table, {"split": SIZES, "lookback": 24, "horizon": 4}, "made.csv", 5, "data"),
    "music": Case(tunes, {}, "made.mid", "8steps", "data"),
    "text": Case(lines, {"split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10}, "made.txt", 5, "abc"),
    "audio": Case(
        hum,
        {"split": (0.6, 0.2, 0.2), "frame_samples": 5, "fast_hidden_size": 16, "batch_size": 4, "tbptt_steps": 16},
        "made.wav",
        "0.1s",
        "data",
    ),
    "classify": Case(beeps, {"n_mels": 8, "batch_size": 4}),
    "detect": Case(signals, {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "excerpt_s": 0.5}),
    "map": Case(driven, {"targets": ("y",), "split": (0.6, 0.2, 0.2)}),
    "transcribe": Case(phrases, {"n_mels": 8, "conv_channels": (4,), "batch_size": 4}),
}
BASELINES = {
    "audio": {"histogram", "linear_prediction"},
    "classify": {"majority", "nearest_centroid"},
    "detect": {"logistic_regression", "energy_threshold"},
    "map": {"scaled_input", "polynomial", "fir", "arx"},
    "transcribe": {"most_frequent_text", "ngram_without_sound"},
}
"""The baselines that are kept in baselines.json."""


def made(job: str, folder: Path) -> tuple[Path, Path]:
    """A trained run, and new data; the data that it was trained on are in the folder `known`."""
    case = CASES[job]
    for name in ("known", "new"):
        (folder / name).mkdir()
    echoic.train(job, case.data(folder / "known"), out=folder / "run", config=COMMON | case.settings)
    return folder / "run", case.data(folder / "new")


def used(run: Run, new: Path, folder: Path) -> dict[str, Any]:
    """What comes of every verb on new data."""
    case, found = CASES[run.job.name], dict[str, Any]()
    if isinstance(run.job, Predicts):
        found["predict"] = {name: column.tolist() for name, column in run.predict(_sounds(run, new)).items()}
    if isinstance(run.job, Generates):
        prime = str(new) if case.prime == "data" else case.prime
        folder.mkdir()
        run.write(folder / case.output, case.length, prime=prime)
        found["generate"] = (folder / case.output).read_bytes()
    found["evaluate"] = run.evaluate(new).scores
    found["baselines"] = run.evaluate(new).baselines
    return found


def _sounds(run: Run, new: Path) -> Path:
    return new.parent if run.job.name == "detect" else new


@pytest.mark.parametrize("job", JOBS)
def test_new_data_need_the_run_folder_alone(tmp_path: Path, job: str) -> None:
    path, new = made(job, tmp_path)
    before = used(echoic.load(path), new, tmp_path / "before")
    shutil.rmtree(tmp_path / "known")
    shutil.move(path, tmp_path / "moved")
    run = echoic.load(tmp_path / "moved")
    after = used(run, new, tmp_path / "after")
    assert after == before
    assert BASELINES.get(job, set()) <= after["baselines"].keys()


@pytest.mark.parametrize("job", BASELINES)
def test_a_run_without_kept_baselines_fits_them_again_or_leaves_them_out(tmp_path: Path, job: str) -> None:
    path, new = made(job, tmp_path)
    kept = echoic.load(path).evaluate(new)
    (path / "baselines.json").unlink()
    again = echoic.load(path).evaluate(new).baselines
    assert again.keys() == kept.baselines.keys()
    for name, scores in kept.baselines.items():
        assert again[name] == pytest.approx(scores, rel=1e-5)
    shutil.rmtree(tmp_path / "known")
    alone = echoic.load(path).evaluate(new)
    assert alone.scores == kept.scores
    assert kept.baselines.keys() - alone.baselines.keys() == BASELINES[job]
    assert "Without the training data," in " ".join(alone.notes)


def test_a_run_of_sensor_series_has_its_slow_baselines_without_the_training_data(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    labels = ["slow", "fast"] * 20
    clips = np.stack([np.sin(np.arange(60) * {"slow": 0.2, "fast": 0.5}[one] + draws.uniform(0, 6)) for one in labels])
    weight = {"network_weight": 1.0}  # so that the model has no random convolutions of its own
    run = echoic.train("classify", clips, labels=labels, out=tmp_path / "run", config=COMMON | weight)
    alone = echoic.load(run.path)
    found = alone.evaluate(clips, labels=labels)
    assert found.baselines.keys() == {"majority", "nearest_centroid", "dtw_neighbor", "random_convolutions"}
    assert found.baselines["dtw_neighbor"]["accuracy"] == 1.0
    assert found.notes == ()


def test_damaged_baselines_are_named(tmp_path: Path) -> None:
    path, new = made("detect", tmp_path)
    content = (path / "baselines.json").read_text()
    (path / "baselines.json").write_text(content.replace('"majority_class"', '"majority_clas"'))
    with pytest.raises(RunError, match=r"baselines\.json"):
        echoic.load(path).evaluate(new)


@pytest.mark.parametrize("job", JOBS)
def test_what_needs_the_training_data_says_that_they_are_gone(tmp_path: Path, job: str) -> None:
    path, _ = made(job, tmp_path)
    shutil.rmtree(tmp_path / "known")
    run = echoic.load(path)
    for verb in (run.evaluate, run.resume):
        with pytest.raises(TrainingDataError, match=r"not found, and .*run was trained on it; restore it"):
            verb()
    assert run_info(run.folder)["job"] == job
    page = write_report([run]).read_text("utf-8")
    assert "No scores: " in page
    assert "not found, and " in page
