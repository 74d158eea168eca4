"""Scores of signals, by hand."""

import numpy as np
import pytest

from echoic.metrics.goals import goal
from echoic.metrics.signals import block_errors, mean_scores, signal_scores

TARGET = np.array([1.0, 2.0, np.nan, 4.0])
PREDICTED = np.array([1.5, 2.0, 9.0, 3.0])


def test_scores_are_those_by_hand() -> None:
    scores = signal_scores(TARGET, PREDICTED)
    squares = (0.25 + 0 + 1) / 3
    variance = np.var([1.0, 2.0, 4.0])
    assert scores["rmse"] == pytest.approx(np.sqrt(squares))
    assert scores["mae"] == pytest.approx(0.5)
    assert scores["nrmse"] == pytest.approx(np.sqrt(squares / variance))
    assert scores["r2"] == pytest.approx(1 - squares / variance)
    assert scores["esr"] == pytest.approx(1.25 / 21)
    assert goal("r2") == "high"


def test_a_constant_target_has_no_variance_to_explain() -> None:
    assert signal_scores(np.ones(3), np.zeros(3)) == {"rmse": 1.0, "mae": 1.0, "esr": 1.0}
    assert signal_scores(np.full(3, np.nan), np.zeros(3)) == {}


def test_several_targets_have_the_means_of_scores_without_a_unit() -> None:
    one, other = signal_scores(TARGET, PREDICTED), signal_scores(10 * TARGET, PREDICTED)
    assert mean_scores({"a": one}) == one
    both = mean_scores({"a": one, "b": other})
    assert both.keys() == {"nrmse", "r2", "esr"}
    assert both["nrmse"] == pytest.approx((one["nrmse"] + other["nrmse"]) / 2)


def test_errors_by_block_and_by_series() -> None:
    target, predicted = [np.zeros((5, 1)), np.zeros((2, 1))], [np.full((5, 1), 2.0), np.ones((2, 1))]
    np.testing.assert_allclose(block_errors(target, predicted, np.array([2.0]), None), [1.0, 0.5])
    np.testing.assert_allclose(block_errors(target, predicted, np.ones(1), 2), [2.0, 2.0, 2.0, 1.0])
