"""Scores of clips with any number of labels, against scikit-learn and by hand; and the naive ways of telling them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from echoic.baselines.multilabel import label_centroids, label_frequencies, label_probabilities
from echoic.metrics.multilabel import (
    average_precision,
    binarize,
    f1_by_label,
    macro_f1,
    macro_f1_by_clip,
    micro_f1,
    multilabel_scores,
    nats_per_clip,
)


@pytest.fixture
def predicted() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    draws = np.random.default_rng(0)
    true = (draws.random((300, 6)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.0]).astype(np.int64)
    scores = draws.standard_normal((300, 6)) + 2 * true - 1
    # Two digits: many clips have the same probability.
    return true, np.round(1 / (1 + np.exp(-scores)), 2).clip(0.01, 0.99)


def test_scores_are_those_of_scikit_learn(predicted: tuple[NDArray[np.int64], NDArray[np.float64]]) -> None:
    true, probabilities = predicted
    found, best = multilabel_scores(true, probabilities), probabilities > 0.5
    assert found.keys() == {"macro_f1", "micro_f1", "mean_average_precision", "exact_match", "nats_per_clip"}
    each = metrics.f1_score(true, best, average=None, zero_division=np.nan)
    np.testing.assert_allclose(f1_by_label(true, binarize(probabilities)), each)
    assert found["macro_f1"] == pytest.approx(np.nanmean(each))
    assert found["micro_f1"] == pytest.approx(metrics.f1_score(true, best, average="micro"))
    theirs = metrics.average_precision_score(true[:, :5], probabilities[:, :5], average="macro")
    assert found["mean_average_precision"] == pytest.approx(theirs)
    assert found["exact_match"] == pytest.approx(metrics.accuracy_score(true, best))
    losses = [metrics.log_loss(true[:, label], probabilities[:, label], labels=[0, 1]) for label in range(6)]
    assert found["nats_per_clip"] == pytest.approx(sum(losses))


def test_scores_by_hand() -> None:
    true = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.2], [0.7, 0.8]])
    found = multilabel_scores(true, probabilities)
    assert found["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found["micro_f1"] == pytest.approx(6 / 8)
    # Of the first label the clips come as right, wrong, right, wrong; of the second both right ones come first.
    assert found["mean_average_precision"] == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    assert found["exact_match"] == 0.5
    assert found["nats_per_clip"] == pytest.approx(-np.log([0.9, 0.9, 0.6, 0.4, 0.8, 0.8, 0.3, 0.8]).sum() / 4)


def test_shares_of_clips_in_macro_f1_are_jackknife_pseudo_values(
    predicted: tuple[NDArray[np.int64], NDArray[np.float64]],
) -> None:
    true, best = predicted[0][:25], binarize(predicted[1])[:25]
    shares = macro_f1_by_clip(true, best)
    assert shares.mean() == pytest.approx(macro_f1(true, best))
    without = np.array([macro_f1(np.delete(true, clip, 0), np.delete(best, clip, 0)) for clip in range(25)])
    np.testing.assert_allclose(shares - shares.mean(), 24 * (without.mean() - without))


def test_clips_of_the_same_probability_have_no_order() -> None:
    same = np.full(4, 0.3)
    for true in ([1, 0, 0, 0], [0, 0, 0, 1]):
        assert average_precision(np.array(true), same) == pytest.approx(0.25)


def test_labels_that_are_nowhere_are_no_mistake() -> None:
    nothing, one = np.zeros((2, 2), np.int64), np.array([[0, 1], [0, 0]])
    assert (macro_f1(nothing, nothing), micro_f1(nothing, nothing)) == (1, 1)
    assert (macro_f1(one, one), macro_f1(nothing, one), micro_f1(nothing, one)) == (1, 0, 0)
    assert "mean_average_precision" not in multilabel_scores(nothing, np.full((2, 2), 0.1))


def test_a_probability_of_zero_costs_much_and_no_more() -> None:
    np.testing.assert_allclose(nats_per_clip(np.array([[1, 0]]), np.array([[0.0, 0.0]])), 27.63, atol=0.01)


def test_frequencies_are_those_of_each_label_in_training() -> None:
    np.testing.assert_allclose(label_frequencies(np.array([[1, 0], [1, 1], [0, 0], [1, 0]])), [0.75, 0.25])


def test_each_label_has_the_nearer_of_its_two_means() -> None:
    values = np.array([[0.0, 0.0], [0.0, 100.0], [1.0, 0.0], [1.0, 100.0]])
    training = (values > 0).astype(np.int64)
    chances = label_probabilities(label_centroids(training, values), np.array([[0.1, 90.0], [0.9, 10.0]]))
    np.testing.assert_array_equal(binarize(chances), [[0, 1], [1, 0]])


def test_a_label_of_every_training_clip_is_always_predicted() -> None:
    values = np.array([[0.0], [1.0]])
    centroids = label_centroids(np.ones((2, 1), np.int64), values)
    np.testing.assert_array_equal(label_probabilities(centroids, values), [[1], [1]])
