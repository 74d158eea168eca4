"""Scores of signals, by hand."""

import numpy as np
import pytest

from echoic.metrics.goals import goal
from echoic.metrics.signals import lead_by_block, mean_scores, signal_scores

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
    assert both.keys() == {"nrmse", "r2", "esr", "rmse_a", "rmse_b"}
    assert both["nrmse"] == pytest.approx((one["nrmse"] + other["nrmse"]) / 2)


@pytest.mark.parametrize("targets", [1, 3])
def test_the_leads_of_all_blocks_are_the_difference_of_the_scores(targets: int) -> None:
    draws = np.random.default_rng(0)
    target = draws.standard_normal((50, targets)) * [1.0, 10.0, 100.0][:targets]
    target[::7, 0] = np.nan
    own, other = (target + draws.standard_normal((50, targets)) * size for size in (0.5, 2.0))
    own[::7, 0], other[::7, 0] = 0.0, 0.0
    score = "rmse" if targets == 1 else "nrmse"
    found = [
        mean_scores({str(one): signal_scores(target[:, one], made[:, one]) for one in range(targets)})[score]
        for made in (own, other)
    ]
    assert lead_by_block(target, own, other, [0, 20, 45]).sum() == pytest.approx(found[1] - found[0])
