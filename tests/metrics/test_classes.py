"""Scores of classes against scikit-learn and by hand; and the naive ways of telling them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from echoic.baselines.classes import NearestCentroid, class_frequencies
from echoic.metrics.classes import calibration_error, classification_scores, confusion_matrix


@pytest.fixture
def predicted() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    draws = np.random.default_rng(0)
    true = draws.integers(0, 4, 300)
    scores = draws.standard_normal((300, 5)) + 1.5 * np.eye(5)[true]
    return true, np.exp(scores) / np.exp(scores).sum(1, keepdims=True)


def test_scores_are_those_of_scikit_learn(predicted: tuple[NDArray[np.int64], NDArray[np.float64]]) -> None:
    true, probabilities = predicted
    found, best = classification_scores(true, probabilities), probabilities.argmax(1)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(true, best))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(true, best, average="macro"))
    assert found["nats_per_clip"] == pytest.approx(metrics.log_loss(true, probabilities, labels=range(5)))
    np.testing.assert_array_equal(
        confusion_matrix(true, best, 5), metrics.confusion_matrix(true, best, labels=range(5))
    )


def test_calibration_by_hand() -> None:
    true = np.array([0, 0, 1, 1])
    sure = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    assert calibration_error(true, sure) == pytest.approx(0.15)
    assert calibration_error(np.array([0, 0]), np.array([[1.0, 0.0], [1.0, 0.0]])) == 0


def test_a_probability_of_zero_costs_much_and_no_more() -> None:
    assert classification_scores(np.array([1]), np.array([[1.0, 0.0]]))["nats_per_clip"] == pytest.approx(
        27.63, abs=0.01
    )


def test_majority_predicts_the_class_frequencies() -> None:
    np.testing.assert_allclose(class_frequencies(np.array([0, 0, 0, 2]), 3), [0.75, 0, 0.25])


def test_nearest_centroid_measures_in_units_of_deviation() -> None:
    values = np.array([[0.0, 0.0], [0.0, 100.0], [1.0, 0.0], [1.0, 100.0]])
    model = NearestCentroid.fit(values, np.array([0, 0, 1, 1]), 3)
    probs = model.predict_probs(np.array([[0.2, 90.0], [0.9, 10.0]]))
    assert probs.argmax(1).tolist() == [0, 1]
    np.testing.assert_allclose(probs.sum(1), 1)
    assert (probs[:, 2] == 0).all()
