"""The weight of the network and the corrections of the quantiles, from errors on dev."""

from typing import Any

import numpy as np
import pytest
import torch

from echoic.forecasting.calibration import (
    Residuals,
    choose_weight,
    conformal_shift,
    dev_errors,
    effective_windows,
)
from echoic.forecasting.levels import LEVELS

COUNT, HORIZON = 400, 2


def residuals(network: float, baselines: float, count: int = COUNT, seed: int = 0, horizon: int = HORIZON) -> Residuals:
    """Forecasts whose errors are independent, with these standard deviations; no windows overlap."""
    rng = np.random.default_rng(seed)
    target = rng.normal(0, 1, (count, horizon, 1))
    ours, theirs = (target + rng.normal(0, size, target.shape) for size in (network, baselines))
    return Residuals(
        target, ours, theirs, np.ones((count, 1, 1)), torch.arange(count) * horizon, torch.zeros(count).long()
    )


def test_a_network_without_errors_gets_all_the_weight() -> None:
    assert (choose_weight(residuals(0.0, 1.0)) > 0.95).all()


def test_a_network_that_is_worse_gets_nothing_or_little() -> None:
    assert (choose_weight(residuals(5.0, 0.2)) == 0).all()
    exact = residuals(1.0, 0.0)
    assert (choose_weight(exact) == 0).all()


def test_of_two_equally_good_forecasts_each_gets_about_half() -> None:
    weight = choose_weight(residuals(1.0, 1.0, count=4000))
    assert (np.abs(weight - 0.5) < 0.1).all()


def test_fewer_windows_shrink_the_weight() -> None:
    means = [
        np.mean([choose_weight(residuals(0.7, 1.0, count, seed)).mean() for seed in range(20)])
        for count in (4, 20, 400)
    ]
    assert means[0] < means[1] < means[2]


def test_one_window_or_windows_that_overlap_wholly_decide_nothing() -> None:
    assert (choose_weight(residuals(0.0, 1.0, count=1)) == 0).all()
    same = residuals(0.0, 1.0)._replace(origins=torch.zeros(COUNT, dtype=torch.long))
    assert (choose_weight(same) == 0).all()


def test_each_block_of_the_horizon_has_a_weight_of_its_own() -> None:
    found = residuals(0.0, 1.0, horizon=16)
    network = found.network.copy()
    network[:, 12:] += 100
    weight = choose_weight(found._replace(network=network))
    assert (weight[:12] > 0.9).all()
    assert (weight[12:] == 0).all()
    assert len(np.unique(choose_weight(residuals(0.5, 1.0, horizon=3)))) == 1


def test_missing_targets_count_nowhere() -> None:
    found = residuals(0.5, 1.0)
    target = np.concatenate([found.target, np.full_like(found.target, np.nan)])
    network, baselines = (np.concatenate([one, one + 50]) for one in (found.network, found.baselines))
    places = torch.arange(2 * COUNT) * HORIZON
    doubled = Residuals(target, network, baselines, np.ones((2 * COUNT, 1, 1)), places, torch.zeros_like(places))
    clean, with_missing = choose_weight(found), choose_weight(doubled)
    np.testing.assert_allclose(clean, with_missing, atol=0.02)
    assert dev_errors(doubled, clean) == pytest.approx(dev_errors(found, clean))


def test_windows_that_overlap_count_once_for_each_horizon() -> None:
    series = torch.zeros(11, dtype=torch.long)
    assert effective_windows(torch.arange(11), series, 5) == 3
    assert effective_windows(torch.arange(11) * 5, series, 5) == 11
    assert effective_windows(torch.arange(4) * 100, torch.tensor([0, 1, 2, 3]), 5) == 4


def level_of_errors(level: float, count: int) -> Any:
    """The level of the errors, with the finite-sample correction, away from the middle."""
    return min(level * (count + 1) / count, 1) if level > 0.5 else max(1 - (1 - level) * (count + 1) / count, 0)


@pytest.mark.parametrize("count", [9, 40])
def test_a_level_is_moved_by_the_corrected_quantile_of_its_errors(count: int) -> None:
    errors = np.random.default_rng(0).standard_normal((len(LEVELS), count, HORIZON, 1))
    shift = conformal_shift(errors)
    assert shift is not None
    assert shift.shape == (len(LEVELS), HORIZON, 1)
    for found, level, own in zip(shift, LEVELS, errors, strict=True):
        np.testing.assert_allclose(found, np.quantile(own, level_of_errors(level, count), 0), atol=1e-12)


def test_missing_errors_are_left_out_and_a_step_without_any_is_not_moved() -> None:
    errors = np.random.default_rng(0).standard_normal((len(LEVELS), 40, HORIZON, 1))
    errors[:, 5:, 0] = np.nan
    errors[:, :, 1] = np.nan
    shift = conformal_shift(errors)
    assert shift is not None
    expected = [np.quantile(own[:5, 0], level_of_errors(level, 40)) for own, level in zip(errors, LEVELS, strict=True)]
    np.testing.assert_allclose(shift[:, 0, 0], expected, atol=1e-12)
    assert (shift[:, 1] == 0).all()


def test_eight_errors_are_too_few() -> None:
    assert conformal_shift(np.zeros((len(LEVELS), 8, HORIZON, 1))) is None
