"""Training that goes on from the weights of a run, for every job."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from job_data import SIZES, beeps, driven, hum, lines, phrases, signals, sine, tunes

import echoic
from echoic.api.continuing import prepare_from
from echoic.api.run import Run
from echoic.errors import ConfigError, DataError, Interrupted
from echoic.jobs import JOBS

COMMON: dict[str, Any] = {"epochs": 1, "threads": 1, "layers": (8,)}
WHOLE: dict[str, Any] = {"split": (1, 0, 0)}
CLIPS = np.random.default_rng(0).normal(size=(20, 12, 2)).astype(np.float32)
NO_STEP: dict[str, Any] = {"lr": 1e-30, "epochs": 1, "seed": 5}

CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "forecast": (sine, {"split": SIZES, "lookback": 24, "horizon": 4}),
    "music": (tunes, {}),
    "text": (lines, {"split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10}),
    "audio": (
        hum,
        {"split": (0.6, 0.2, 0.2), "frame_samples": 5, "fast_hidden_size": 16, "batch_size": 4, "tbptt_steps": 16},
    ),
    "classify": (beeps, {"n_mels": 8, "batch_size": 4}),
    "detect": (signals, {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "excerpt_s": 0.5}),
    "map": (driven, {"targets": ("y",), "split": (0.6, 0.2, 0.2)}),
    "transcribe": (phrases, {"n_mels": 8, "conv_channels": (4,), "batch_size": 4}),
}


def trained(job: str, folder: Path, **settings: Any) -> Run:
    data, own = CASES[job]
    return echoic.train(job, data(folder), out=folder / "run", config=COMMON | own | settings)


def weights(run: Run) -> dict[str, torch.Tensor]:
    return run.folder.read_model()[0]


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize("job", JOBS)
def test_training_starts_from_the_weights_and_codecs_of_the_run(tmp_path: Path, job: str) -> None:
    run = trained(job, tmp_path)
    again = echoic.train(job, CASES[job][0](tmp_path), from_run=run.path, out=tmp_path / "again", **NO_STEP)
    assert_same(weights(again), weights(run))
    assert json.dumps(again.folder.read_codec()) == json.dumps(run.folder.read_codec())
    changed = {"lr", "epochs", "seed"}
    own, other = run.settings.model_dump(), again.settings.model_dump()
    assert {name for name, value in own["train"].items() if other["train"][name] != value} <= changed
    assert {key: value for key, value in own.items() if key != "train"} == {
        key: value for key, value in other.items() if key != "train"
    }
    assert any("started from the weights of" in note for note in again.config["data"]["report"]["notes"])


def test_training_goes_on_to_a_lower_loss(tmp_path: Path) -> None:
    run = trained("forecast", tmp_path)
    again = echoic.train("forecast", sine(tmp_path), from_run=run.path, out=tmp_path / "again", epochs=3)
    assert again.result()["best_dev_loss"] < run.result()["best_dev_loss"]
    assert again.metrics()[0]["train_loss"] < run.metrics()[0]["train_loss"]


def test_a_resumed_training_starts_from_the_weights_of_the_run_as_well(tmp_path: Path) -> None:
    run = trained("text", tmp_path)

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        echoic.train("text", lines(tmp_path), from_run=run.path, out=tmp_path / "again", on_progress=stop, **NO_STEP)
    before = weights(run)
    shutil.rmtree(run.path)
    again = echoic.load(tmp_path / "again")
    again.resume()
    assert_same(weights(again), before)


def test_without_data_the_run_goes_on_with_its_own_as_they_are_now(tmp_path: Path) -> None:
    run = trained("text", tmp_path)
    with (tmp_path / "text.txt").open("a") as file:
        file.write("abcdefghij" * 10)
    again = echoic.train("text", from_run=run.path, out=tmp_path / "again", **NO_STEP)
    assert again.config["data"]["path"] == run.config["data"]["path"]
    assert again.config["data"]["fingerprint"] != run.config["data"]["fingerprint"]
    (tmp_path / "text.txt").unlink()
    with pytest.raises(
        DataError, match=r"text\.txt: not found, and .* was trained on it; .* name the data to train on"
    ):
        echoic.train("text", from_run=run.path, out=tmp_path / "more")
    (tmp_path / "other").mkdir()
    in_memory = trained("forecast", tmp_path / "other")
    with pytest.raises(ConfigError, match="trained on in-memory data; pass the data to train on"):
        echoic.train("forecast", from_run=in_memory.path, out=tmp_path / "more")


def test_new_symbols_are_refused_by_name(tmp_path: Path) -> None:
    run = trained("text", tmp_path)
    (tmp_path / "new.txt").write_text("abcxyz" * 50)
    with pytest.raises(DataError, match=r"new\.txt: the characters 'x', 'y', 'z' are not in the vocabulary of the run"):
        echoic.train("text", tmp_path / "new.txt", from_run=run.path, out=tmp_path / "again")


def test_new_classes_are_refused_by_name(tmp_path: Path) -> None:
    run = trained("classify", tmp_path)
    table = pl.read_csv(run.config["data"]["path"])
    renamed = table.with_columns(pl.col("label").replace("low", "deep"))
    renamed.write_csv(tmp_path / "renamed.csv")
    with pytest.raises(DataError, match="has the label 'deep', which no training clip has"):
        echoic.train("classify", tmp_path / "renamed.csv", from_run=run.path, out=tmp_path / "again")


def test_new_events_are_refused_by_name(tmp_path: Path) -> None:
    run = trained("detect", tmp_path)
    table = pl.read_csv(run.config["data"]["path"])
    table.with_columns(pl.lit("siren").alias("label")).write_csv(tmp_path / "renamed.csv")
    with pytest.raises(DataError, match=r"the label 'siren' at .* is only in the new data"):
        echoic.train("detect", tmp_path / "renamed.csv", from_run=run.path, out=tmp_path / "again")


def test_new_units_are_refused_by_name(tmp_path: Path) -> None:
    run = trained("transcribe", tmp_path)
    table = pl.read_csv(run.config["data"]["path"])
    table.with_columns(pl.col("text").str.replace("a", "z")).write_csv(tmp_path / "renamed.csv")
    with pytest.raises(DataError, match="'z' is not among the units of the run"):
        echoic.train("transcribe", tmp_path / "renamed.csv", from_run=run.path, out=tmp_path / "again")


def test_the_curriculum_can_be_changed(tmp_path: Path) -> None:
    run = trained("transcribe", tmp_path)
    other = echoic.train("transcribe", from_run=run.path, out=tmp_path / "again", early_blanks=0.0, steps=1)
    assert other.config["settings"]["curriculum"]["early_blanks"] == 0


def test_new_columns_are_refused_by_name(tmp_path: Path) -> None:
    run = trained("forecast", tmp_path)
    two = np.stack([sine(tmp_path), sine(tmp_path)], 1)
    with pytest.raises(DataError, match="has the columns y0, y1, but the run was trained on y"):
        echoic.train("forecast", two, from_run=run.path, out=tmp_path / "again")


def test_settings_of_the_network_cannot_be_changed(tmp_path: Path) -> None:
    run = trained("forecast", tmp_path)
    with pytest.raises(ConfigError, match="`layers` cannot be changed when training continues from a run"):
        echoic.train("forecast", sine(tmp_path), from_run=run.path, out=tmp_path / "again", layers=(9,))
    with pytest.raises(ConfigError, match="is a forecast run and cannot be trained on as text"):
        echoic.train("text", "a.txt", from_run=run.path, out=tmp_path / "again")


@pytest.mark.parametrize(
    ("before", "more", "length"),
    [
        ({"minutes": 1e-3}, {"epochs": 2}, (2, None, None)),
        ({"minutes": 1e-3}, {"steps": 3}, (20, 3, None)),
        ({"steps": 2}, {"epochs": 2}, (2, None, None)),
        ({"steps": 2}, {"minutes": 1e-3}, (20, None, 1e-3)),
    ],
)
def test_a_length_of_training_replaces_that_of_the_run(
    tmp_path: Path, before: dict[str, Any], more: dict[str, Any], length: tuple[Any, ...]
) -> None:
    own = {name: value for name, value in (COMMON | CASES["text"][1]).items() if name != "epochs"}
    run = echoic.train("text", lines(tmp_path), out=tmp_path / "run", config=own | before)
    prepared = prepare_from(run.path, "text", None, config={}, components=None, settings=more)
    train = prepared.task.settings.train
    assert (train.epochs, train.steps, train.minutes) == length


def test_two_lengths_of_training_are_refused(tmp_path: Path) -> None:
    run = trained("text", tmp_path)
    with pytest.raises(ConfigError, match="`epochs` has no effect with --steps, which sets the length of training"):
        echoic.train("text", from_run=run.path, out=tmp_path / "again", epochs=2, steps=3)


def test_labels_in_memory_go_with_the_clips_that_training_goes_on_with(tmp_path: Path) -> None:
    run = echoic.train("classify", CLIPS, labels=["a", "b"] * 10, out=tmp_path / "run", config=COMMON | WHOLE)
    again = echoic.train("classify", -CLIPS, labels=["b", "a"] * 10, from_run=run.path, config=NO_STEP)
    assert again.config["data"]["report"]["labels"] == {"a": 10, "b": 10}
    assert_same(weights(again), weights(run))
    with pytest.raises(DataError, match="has the label 'c', which no training clip has"):
        echoic.train("classify", CLIPS, labels=["a", "c"] * 10, from_run=run.path)
    with pytest.raises(ConfigError, match="`labels` belongs to data in memory; pass these, too"):
        echoic.train("classify", labels=["a", "b"] * 10, from_run=run.path)


def test_a_split_replaces_the_folds_of_the_run(tmp_path: Path) -> None:
    labels = ["a", "b"] * 10
    run = echoic.train("classify", CLIPS, labels=labels, out=tmp_path / "run", folds=2, config=COMMON)
    with pytest.raises(ConfigError, match=r"learned from clips of every fold\. Give --split"):
        echoic.train("classify", CLIPS, labels=labels, from_run=run.path)
    again = echoic.train("classify", CLIPS, labels=labels, from_run=run.path, split=(1, 0, 0), config=NO_STEP)
    assert again.fold_runs() == []
    assert_same(weights(again), weights(run))


def test_resuming_a_finished_run_warns_and_names_the_way_on(tmp_path: Path) -> None:
    run = trained("text", tmp_path)
    with pytest.warns(UserWarning, match=r"run is finished: no step was left\..*from_run="):
        run.resume()
