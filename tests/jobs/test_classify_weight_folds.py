"""The weight of the network chosen by cross-validation over train and dev."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from narrowing import expect_type

from echoic.api.prepare import prepare
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.baselines.random_convolutions import RandomConvolutions
from echoic.errors import ConfigError, Interrupted
from echoic.jobs.classify.calibration import calibrate
from echoic.jobs.classify.combination import best_weight
from echoic.jobs.classify.task import ClassifyTask
from echoic.sources import Dataset
from echoic.training import Progress
from echoic.types import Annotations

QUICK: dict[str, Any] = {
    "epochs": 3, "layers": (6,), "conv_channels": (4,), "batch_size": 8, "threads": 1, "weight_folds": 4,
}  # fmt: skip
CLIPS = 25


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy waves of two frequencies; 24 clips, and one of a third class."""
    draws, rows = np.random.default_rng(0), []
    for number in range(CLIPS):
        label = 2 if number == CLIPS - 1 else number % 2
        values = np.sin(np.arange(12) * (label + 1)) + 0.5 * draws.standard_normal(12)
        rows.append(",".join(f"{value:.3f}" for value in values) + f":{label}")
    path = tmp_path_factory.mktemp("waves") / "waves.ts"
    path.write_text("\n".join(["@problemName waves", "@classLabel true 0 1 2", "@data", *rows]))
    return path


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train("classify", data, out=tmp_path_factory.mktemp("runs") / "run", split=(0.9, 0.1, 0.0), **QUICK)


def task_of(data: Path, **settings: Any) -> ClassifyTask:
    return expect_type(ClassifyTask, prepare("classify", data, split=(0.8, 0.1, 0.1), **QUICK | settings).task)


def test_folds_divide_train_and_dev_evenly_by_class(data: Path) -> None:
    task = task_of(data)
    clips = sorted(task.splits["train"] + task.splits["dev"])
    folds = [fold.splits for fold in task.calibration_folds]
    assert len(folds) == 4
    assert sorted(number for fold in folds for number in fold["test"]) == clips
    for fold, splits in zip(task.calibration_folds, folds, strict=True):
        assert splits["dev"] == []
        assert sorted(splits["train"] + splits["test"]) == clips
        counts = [(fold.labelling.targets(fold.series("test"))[:, 0] == label).sum() for label in range(2)]
        assert min(counts) >= 2
        assert fold.classes == task.classes
        assert fold.calibration_folds == ()
        assert not fold.should_refit


def test_folds_keep_groups_together(data: Path) -> None:
    task = task_of(data)
    dataset = expect_type(Dataset, task.dataset)
    series = tuple(
        replace(one, annotations=replace(one.annotations or Annotations(), group=f"g{number // 3}"))
        for number, one in enumerate(dataset.series)
    )
    grouped = replace(task, dataset=replace(dataset, series=series))
    held_out = [set(fold.splits["test"]) for fold in grouped.calibration_folds]
    assert len(held_out) > 1
    for numbers in held_out:
        trainable = {*grouped.splits["train"], *grouped.splits["dev"]}
        groups = {number // 3 for number in numbers}
        assert numbers == {number for number in trainable if number // 3 in groups}


def test_the_weight_is_the_best_for_clips_that_their_network_has_not_seen(data: Path) -> None:
    """The oracle takes fold by fold what the untrained networks and the convolutions say of the held-out clips."""
    task = task_of(data)
    torch.manual_seed(0)
    models = [fold.build_model().eval() for fold in task.calibration_folds]
    found = calibrate(task, task.build_model().eval(), models)
    columns: list[list[Any]] = [[], [], []]
    for fold, model in zip(task.calibration_folds, models, strict=True):
        steps, true = fold.labelled_steps("test")
        with torch.no_grad():
            params = [model(one[None], lengths=torch.tensor([len(one)]))[0] for one in steps]
        own = np.concatenate([task.labelling.probabilities(one) for one in params])
        other = calibrate(fold, model)["random_convolutions"]
        assert other is not None
        columns[0].append(true[:, 0])
        columns[1].append(own)
        columns[2].append(_convolutions(other, steps))
    assert found["weight"] == best_weight(*map(np.concatenate, columns))
    assert found["weight_folds"] == {"count": 4, "clips": len(np.concatenate(columns[0]))}


def _convolutions(state: dict[str, Any], steps: Any) -> Any:
    return RandomConvolutions.from_json(state).predict_probs(steps)


def test_a_run_says_how_the_weight_was_chosen_and_keeps_no_fold(run: Run) -> None:
    calibration = run.fitted.calibration or {}
    assert calibration["weight_folds"] == {"count": 4, "clips": CLIPS}
    assert any("chosen by cross-validation over 25 clips in 4 folds" in note for note in run.notes())
    assert not (run.path / "calibration_folds").exists()


def test_the_network_is_the_same_without_folds(data: Path, run: Run, tmp_path: Path) -> None:
    plain = train("classify", data, out=tmp_path / "run", split=(0.9, 0.1, 0.0), **QUICK | {"weight_folds": 0})
    weights = plain.folder.read_model()[0]
    assert all(torch.equal(weights[name], one) for name, one in run.folder.read_model()[0].items())
    assert (plain.fitted.calibration or {})["weight_folds"] is None


@pytest.mark.parametrize("stage", ["calibration fold 1 of 4", "calibration fold 3 of 4"])
def test_a_run_stopped_in_a_fold_ends_as_if_it_never_was(data: Path, run: Run, tmp_path: Path, stage: str) -> None:
    out = tmp_path / "run"
    with pytest.raises(Interrupted, match=f"resume with `echoic train --resume {out}`"):
        train("classify", data, out=out, split=(0.9, 0.1, 0.0), **QUICK, on_progress=stop_at(stage))
    assert (out / "calibration_folds").exists()
    load(out).resume()
    assert (out / "calibration.json").read_bytes() == (run.path / "calibration.json").read_bytes()
    assert (out / "metrics.jsonl").read_bytes() == (run.path / "metrics.jsonl").read_bytes()
    assert not (out / "calibration_folds").exists()


def stop_at(stage: str) -> Callable[[Progress], None]:
    def on_progress(at: Progress) -> None:
        if at.stage == stage and at.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    return on_progress


@pytest.mark.parametrize("folds", [1, 100])
def test_a_number_of_folds_that_cannot_be_is_refused(data: Path, folds: int) -> None:
    with pytest.raises(ConfigError, match="`weight_folds` must be 0, or from 2 to "):
        task_of(data, weight_folds=folds)
