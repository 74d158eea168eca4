"""Defaults of classify by the data, and what the job says of small sets."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from echoic.api.prepare import prepare
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.config import ClassifySettings
from echoic.config.spectrum import EncoderSettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.classify.combination import PRIOR_WEIGHT, best_weight
from echoic.jobs.classify.notes import calibration_notes
from echoic.jobs.classify.plan import ClipStats, plan

QUICK: dict[str, Any] = {"epochs": 10, "layers": (16,), "conv_channels": (8,), "threads": 1}


def write_series(path: Path, count: int, seed: int) -> Path:
    """A .ts file of noisy bumps at an early, middle or late step, of 30 steps."""
    rng = np.random.default_rng(seed)
    rows = ["@problemName bumps", "@classLabel true 0 1 2", "@data"]
    for number in range(count):
        steps, label = np.arange(30), number % 3
        center = 8 + 7 * label + rng.normal()
        values = np.exp(-np.square(steps - center) / 8) + 0.2 * rng.normal(size=30)
        rows.append(",".join(f"{value:.4f}" for value in values) + f":{label}")
    path.write_text("\n".join(rows))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bumps")
    write_series(folder / "train.ts", 48, 0)
    write_series(folder / "test.ts", 60, 1)
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return train("classify", folder / "train.ts", out=folder / "run", test_data=folder / "test.ts", **QUICK)


def stats(clips: int, dev: int, *, steps: int = 30, is_spectra: bool = False, dev_is_given: bool = False) -> ClipStats:
    return ClipStats([steps] * clips, dev, is_spectra, dev_is_given, clips + dev)


def test_few_clips_train_for_a_fixed_number_of_steps_that_dev_cannot_end() -> None:
    for clips in (20, 60, 150, 250):
        train_settings = plan(ClassifySettings(), stats(clips, clips // 10)).train
        steps = train_settings.epochs * -(-clips // train_settings.batch_size)
        assert 400 <= steps < 440
        assert train_settings.patience > train_settings.epochs


def test_patience_is_a_number_of_steps_and_longer_for_a_smaller_dev() -> None:
    found = {dev: plan(ClassifySettings(), stats(1600, dev)).train for dev in (25, 400)}
    assert {dev: one.patience for dev, one in found.items()} == {25: 16, 400: 10}
    assert all(one.patience * 50 >= 400 for one in found.values())


def test_networks_of_series_have_convolutions_whose_stride_follows_the_length() -> None:
    short, long = (plan(ClassifySettings(), stats(500, 50, steps=steps)) for steps in (24, 600))
    assert (short.encoder.conv_stride, long.encoder.conv_stride) == (1, 10)
    assert short.encoder.bidirectional
    assert short.encoder.conv_dims == 1


def encoder(steps: int, **given: Any) -> EncoderSettings:
    """The front of a network for clips of so many spectra."""
    facts = stats(500, 50, steps=steps, is_spectra=True)
    found = plan(ClassifySettings.build(given), facts)
    assert plan(found, facts) == found
    return found.encoder


def test_networks_of_spectra_have_convolutions_where_clips_are_long() -> None:
    assert encoder(89) == EncoderSettings()
    for steps, stride in ((90, 2), (500, 8), (50_000, 8)):
        expected = {"conv_channels": (16, 32), "kernel_size": 3, "conv_stride": stride, "conv_dims": 2}
        assert encoder(steps) == EncoderSettings(**expected)


def test_the_stride_of_convolutions_of_the_user_follows_the_spectra() -> None:
    assert encoder(500, conv_channels=(4,)).conv_stride == 8
    assert encoder(80, conv_channels=(4,)).conv_stride == 1
    assert encoder(500, conv_stride=3).conv_stride == 3
    assert encoder(500, conv_channels=()) == encoder(500, live=True) == EncoderSettings()
    assert encoder(500, model="convnet") == EncoderSettings()


def test_the_network_of_spectra_reads_in_one_direction_and_is_alone() -> None:
    found = plan(ClassifySettings(), stats(500, 50, is_spectra=True))
    assert not found.encoder.bidirectional
    assert found.network.network_weight == 1


def test_clips_of_sound_are_as_long_as_their_spectra(tmp_path: Path) -> None:
    for number in range(8):
        path = tmp_path / ("low", "high")[number % 2] / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, np.sin(np.arange(8000) * (0.1 + number % 2)), 4000)
    task: Any = prepare("classify", tmp_path, n_mels=8, hop_ms=5.0, split=(0.5, 0, 0.5), cache_dir="none").task
    assert [len(steps) for steps in task.raw.make()] == [401] * 8
    assert task.settings.encoder.conv_stride == 7
    assert task.build_model().encoder.output_size == 32 * 2


def test_settings_of_the_user_stand() -> None:
    given = ClassifySettings.build(
        {"epochs": 3, "batch_size": 5, "patience": 2, "lr": 0.5, "conv_channels": (), "layers": (7,), "refit": False}
    )
    found = plan(given, stats(50, 5))
    assert (found.train.epochs, found.train.batch_size, found.train.patience, found.train.lr) == (3, 5, 2, 0.5)
    assert (found.encoder.conv_channels, found.encoder.kernel_size, found.stack.layers) == ((), 3, (7,))
    assert found.split.refit is False
    assert not plan(ClassifySettings.build({"pooling": "last"}), stats(50, 5)).encoder.bidirectional


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (stats(50, 5), True),
        (stats(50, 0), False),
        (stats(50, 5, dev_is_given=True), False),
        (stats(280, 30), False),
    ],
)
def test_few_clips_are_refitted_unless_dev_is_given(facts: ClipStats, *, expected: bool) -> None:
    assert plan(ClassifySettings(), facts).split.refit is expected


def test_a_plan_is_the_plan_of_itself(folder: Path) -> None:
    settings = prepare("classify", folder / "train.ts").task.settings
    assert plan(settings, stats(500, 50, steps=900)) == settings


def test_a_small_set_is_learned_from_train_and_dev(run: Run) -> None:
    task = run.fitted.task
    assert task.should_refit
    assert sum(len(batch.targets) for batch in task.refit_batches().epoch(0, 0)) == 48
    phases = {row["phase"]: row["step"] for row in run.metrics()}
    assert phases["refit"] == 2 * phases["fit"]
    with pytest.raises(DataError, match="refitted on train and dev"):
        run.evaluate(split="dev")


def test_defaults_hold_on_a_small_set(run: Run) -> None:
    found = run.evaluate()
    assert found.baselines.keys() == {"majority", "nearest_centroid", "dtw_neighbor", "random_convolutions"}
    assert found.scores["accuracy"] >= max(row["accuracy"] for row in found.baselines.values()) - 0.1
    assert found.scores["accuracy"] > 0.9


def test_errors_by_clip_are_those_of_the_scores(run: Run) -> None:
    found = run.evaluate()
    errors = found.item_errors
    assert errors is not None
    assert errors.own.mean() == pytest.approx(1 - found.scores["accuracy"])
    assert errors.baselines.keys() == found.baselines.keys()
    for name, scores in found.baselines.items():
        assert errors.baselines[name].mean() == pytest.approx(1 - scores["accuracy"])


def test_on_clips_of_the_majority_alone_the_majority_is_the_best_baseline(run: Run, folder: Path) -> None:
    head, *rows = (folder / "test.ts").read_text().split("@data\n")
    (majority,) = np.flatnonzero(run.evaluate().baselines["majority"]["accuracy"] == 1 / 3)
    path = folder / "majority.ts"
    path.write_text(head + "@data\n" + "\n".join(row for row in rows[0].splitlines() if row.endswith(f":{majority}")))
    found = run.evaluate(path)
    assert found.best_baseline == "majority"
    assert found.lead is not None
    assert found.lead.mean == pytest.approx(found.scores["accuracy"] - 1)
    assert found.lead.items == 20
    assert found.lead.outcome == "not distinguishable"


def test_a_moved_run_predicts_the_same(run: Run, folder: Path, tmp_path: Path) -> None:
    expected = run.predict(folder / "test.ts")
    shutil.copytree(run.path, tmp_path / "run")
    found = load(tmp_path / "run").predict(folder / "test.ts")
    np.testing.assert_array_equal(found["label"], expected["label"])
    np.testing.assert_allclose(found["confidence"], expected["confidence"], rtol=1e-6)


def test_the_network_alone(run: Run, folder: Path) -> None:
    alone = train(
        "classify", folder / "train.ts", out=folder / "alone", test_data=folder / "test.ts", network_weight=1.0, **QUICK
    )
    own, state = calibration(alone), calibration(run)
    assert (own["weight"], own["random_convolutions"]) == (1.0, None)
    network, combined = probabilities(alone), probabilities(run)
    others = combined - state["weight"] * network
    np.testing.assert_allclose(others.sum(1), 1 - state["weight"], atol=1e-6)
    assert others.min() > -1e-6
    assert not np.allclose(network, combined)


def calibration(run: Run) -> dict[str, Any]:
    return run.fitted.calibration or {}


def probabilities(run: Run) -> Any:
    evaluation: Any = run.evaluate()
    return evaluation.probabilities


def test_notes_say_how_surely_dev_decided(run: Run) -> None:
    notes = run.notes()
    assert "too few to choose by" in notes[0]
    assert notes[1].startswith("Weight of the network in the probabilities: 0.")
    json.dumps(calibration(run))


def test_a_note_says_when_the_majority_is_not_beaten() -> None:
    dev = {"clips": 40, "refit": False, "headline": "accuracy", "baseline_name": "majority"}
    found = {"weight": 1.0, "random_convolutions": None, "dev": dev | {"score": 0.5, "baseline": 0.5}}
    assert calibration_notes(found) == ["On dev the model does not beat majority: accuracy 0.5, against 0.5."]
    assert calibration_notes(found | {"dev": dev | {"score": 0.9, "baseline": 0.5}}) == []


def test_a_note_says_when_the_network_has_no_weight() -> None:
    dev = {"clips": 40, "refit": False, "score": None, "baseline": None}
    folds = {"clips": 50, "count": 5}
    found = {"weight": 0.004, "random_convolutions": {}, "weight_folds": folds, "dev": dev}
    (note,) = calibration_notes(found)
    assert note.startswith("The network has no weight, chosen by cross-validation over 50 clips in 5 folds: the prob")


def test_the_weight_follows_dev_the_more_clips_the_closer() -> None:
    good, bad = np.array([0.95, 0.05]), np.array([0.3, 0.7])

    def weight(clips: int, own: Any, other: Any) -> float:
        return best_weight(np.zeros(clips, np.int64), np.tile(own, (clips, 1)), np.tile(other, (clips, 1)))

    assert weight(0, good, bad) == pytest.approx(PRIOR_WEIGHT, abs=0.03)
    assert weight(5, good, good) == pytest.approx(PRIOR_WEIGHT, abs=0.03)
    assert PRIOR_WEIGHT < weight(10, good, bad) < weight(1000, good, bad)
    assert weight(1000, good, bad) > 0.95
    assert weight(1000, bad, good) < 0.05


def test_settings_without_effect_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="`refit` requires a dev split"):
        prepare("classify", folder / "train.ts", split=(0.8, 0, 0.2), refit=True)
    with pytest.raises(ConfigError, match="`conv_dims` requires convolutions"):
        prepare("classify", folder / "train.ts", conv_channels=(), conv_dims=1)
