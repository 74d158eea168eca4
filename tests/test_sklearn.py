"""scikit-learn's own estimator checks, and the ones that do not apply."""

import gc
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from echoic.sklearn import Classifier, Detector, Forecaster

TINY = {"train.threads": 1, "train.batch_size": 8, "train.patience": 50, "scaling.residual_baseline": "last"}

NOT_FOR_SERIES = {
    "check_methods_subset_invariance": "a forecast depends on the rows before it",
    "check_methods_sample_order_invariance": "the order of the rows is the order in time",
}


scikit_learn_checks: pytest.MarkDecorator = parametrize_with_checks(
    [Forecaster(lookback=2, layers=(3,), epochs=2, settings=TINY)],
    expected_failed_checks=lambda _: NOT_FOR_SERIES,
)


QUICK = {"threads": 1, "network_weight": 1.0, "batch_size": 16, "conv_channels": (), "lr": 0.02}

classifier_checks: pytest.MarkDecorator = parametrize_with_checks([Classifier(layers=(8,), epochs=8, settings=QUICK)])


@pytest.mark.slow
@classifier_checks
def test_classifier_passes_scikit_learns_checks(estimator: Classifier, check: Callable[..., Any]) -> None:
    check(estimator)


NOT_FOR_STEPS = {
    "check_methods_subset_invariance": "the class of a step depends on the steps before it",
    "check_methods_sample_order_invariance": "the order of the rows is the order in time",
}
STEPS = {"threads": 1, "conv_channels": (), "lr": 0.02, "dropout": 0.0, "batch_size": 4}

detector_checks: pytest.MarkDecorator = parametrize_with_checks(
    [Detector(layers=(8,), epochs=10, settings=STEPS)], expected_failed_checks=lambda _: NOT_FOR_STEPS
)


@pytest.mark.slow
@detector_checks
def test_detector_passes_scikit_learns_checks(estimator: Detector, check: Callable[..., Any]) -> None:
    check(estimator)


def swings(steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Slow and fast swings in turns, `(steps, 1)`, and which they are."""
    fast = (np.arange(steps) // 40 + seed) % 2 == 1
    wave = np.sin(np.cumsum(np.where(fast, 1.5, 0.3)))[:, None]
    return wave.astype(np.float32), np.where(fast, "fast", "slow")


def test_detector_labels_every_step_of_one_or_several_recordings() -> None:
    values, labels = swings(1200)
    detector = Detector(layers=(16,), epochs=30, settings=STEPS).fit(values, labels)
    new, expected = swings(400, 1)
    assert detector.score(new, expected) > 0.85
    assert detector.predict_proba(new).shape == (400, 2)
    np.testing.assert_allclose(detector.predict_proba(new).sum(1), 1)
    several = Detector(layers=(16,), epochs=5, background="slow", settings=STEPS).fit([values, new], [labels, expected])
    assert several.run_.fitted.task.labels == ("class 0",)
    assert [one.shape for one in several.predict([new, values])] == [(400,), (1200,)]
    with pytest.raises(ValueError, match="Recording 1 has 400 steps, but `y` has 3 classes for it"):
        Detector().fit([values, new], [labels, expected[:3]])
    with pytest.raises(ValueError, match="`settings` has layers, which Detector takes as an argument"):
        Detector(settings={"layers": (3,)}).fit(values, labels)


@scikit_learn_checks
def test_forecaster_passes_scikit_learns_checks(estimator: Forecaster, check: Callable[..., Any]) -> None:
    check(estimator)


def sine(steps: int) -> np.ndarray:
    return np.stack([np.sin(np.arange(steps) / 5), np.cos(np.arange(steps) / 5)], 1)


def lines() -> tuple[np.ndarray, np.ndarray]:
    """Rising and falling lines with some noise, `(30, 12)`, and which way they go."""
    ways = np.array(["up", "down", "up"] * 10)
    slopes = np.where(ways == "up", 1.0, -1.0)[:, None] * np.linspace(-1, 1, 12)
    return slopes + 0.1 * np.random.default_rng(0).standard_normal((30, 12)), ways


def test_classifier_takes_clips_of_features_and_of_unequal_length() -> None:
    values, ways = lines()
    unequal = [clip[: 6 + number % 6] for number, clip in enumerate(values)]
    for clips in (values, np.stack([values, -values], 2), unequal):
        model = Classifier(layers=(8,), epochs=20, settings=QUICK).fit(clips[:20], ways[:20])
        assert model.classes_.tolist() == ["down", "up"]
        probabilities = model.predict_proba(clips[20:])
        np.testing.assert_allclose(probabilities.sum(1), 1)
        assert (model.predict(clips[20:]) == model.classes_[probabilities.argmax(1)]).all()
        assert model.score(clips[20:], ways[20:]) == 1
        assert model.run_.config["data"]["report"]["labels"] == {"down": 7, "up": 13}


def test_classifier_reads_sound_and_keeps_the_kind_of_its_classes() -> None:
    tones = [0.3 * np.sin(np.arange(600) * (0.3, 0.9)[number % 2]) for number in range(20)]
    classes = np.array([-1.5, 2.0] * 10)
    with pytest.raises(ValueError, match="Unknown label type"):
        Classifier().fit(tones, classes)
    quick = {"threads": 1, "n_mels": 8, "cache_dir": "none"}
    model = Classifier(rate_hz=2000, layers=(8,), epochs=30, settings=quick).fit(tones, classes > 0)
    assert model.predict(tones).tolist() == (classes > 0).tolist()
    assert model.run_.settings.data.rate_hz == 2000


def test_classifier_refuses_what_it_cannot_learn() -> None:
    values, ways = lines()
    with pytest.raises(ValueError, match="clips of two or more classes, got one class"):
        Classifier().fit(values, ["up"] * 30)
    with pytest.raises(ValueError, match="`settings` has layers, which Classifier takes as an argument"):
        Classifier(settings={"layers": (4,)}).fit(values, ways)


def test_an_estimator_leaves_no_folder_and_survives_its_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    values, ways = lines()
    model = Classifier(layers=(4,), epochs=1, settings=QUICK).fit(values, ways)
    expected, pickled = model.predict_proba(values), joblib_bytes(model)
    del model
    gc.collect()
    assert not list(tmp_path.iterdir())
    again = joblib.load(io.BytesIO(pickled))
    np.testing.assert_array_equal(again.predict_proba(values), expected)
    del again
    gc.collect()
    assert not list(tmp_path.iterdir())


def joblib_bytes(model: Any) -> bytes:
    """What scikit-learn's users write with joblib.dump."""
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    return buffer.getvalue()


def test_forecaster_score_is_the_r2_of_whole_windows() -> None:
    table = sine(60)
    model = Forecaster(lookback=8, horizon=2, epochs=2, settings=TINY).fit(table)
    forecasts = model.predict(table)[7:58]
    followed = np.stack([table[row + 1 : row + 3].ravel() for row in range(7, 58)])
    errors = ((followed - forecasts) ** 2).sum(0) / ((followed - followed.mean(0)) ** 2).sum(0)
    assert model.score(table) == pytest.approx((1 - errors).mean(), abs=1e-5)
    table[20] = np.nan
    assert np.isfinite(model.score(table))
    with pytest.raises(ValueError, match=r"X has 10 rows, but scoring requires two whole windows of 8 \+ 2 rows"):
        model.score(table[:10])


@pytest.mark.slow
def test_forecaster_rows_hold_the_following_values() -> None:
    table = sine(400)
    model = Forecaster(lookback=16, horizon=3, epochs=80, settings={"threads": 1}).fit(table[:300])
    forecasts = model.predict(table[300:]).reshape(100, 3, 2)
    for ahead in range(3):
        followed = table[317 + ahead : 398 + ahead]
        error = np.abs(forecasts[16:-3, ahead] - followed).mean()
        assert error < 0.3 * np.abs(table[316:397] - followed).mean()
    np.testing.assert_allclose(model.forecast(table[300:]), forecasts[-1])


def test_forecaster_row_does_not_depend_on_later_rows() -> None:
    table = sine(120)
    model = Forecaster(lookback=8, epochs=2, settings=TINY).fit(table)
    changed = table.copy()
    changed[60:] = 9.0
    np.testing.assert_array_equal(model.predict(table)[:60], model.predict(changed)[:60])


def test_forecaster_accepts_missing_values() -> None:
    table = sine(120)
    table[40:50, 0] = np.nan
    assert np.isfinite(Forecaster(lookback=8, epochs=2, settings=TINY).fit(table).predict(table)).all()


def test_forecaster_refuses_unknown_settings() -> None:
    with pytest.raises(ValueError, match="did you mean 'lookback'"):
        Forecaster(settings={"lookbak": 3}).fit(sine(50))
    for settings in ({"epochs": 2}, {"train.seed": 1}, {"window": {"horizon": 3}}):
        with pytest.raises(ValueError, match="which Forecaster takes as an argument"):
            Forecaster(settings=settings).fit(sine(50))


def test_a_time_budget_replaces_the_epochs() -> None:
    budget = {"threads": 1, "minutes": 0.01}
    with pytest.raises(ValueError, match="`epochs` has no effect with --minutes"):
        Forecaster(lookback=4, settings=budget).fit(sine(60))
    assert Forecaster(lookback=4, epochs=None, settings=budget).fit(sine(60)).run_.result()["steps"] > 0
