"""Split conformal prediction by hand: which quantile of the errors on dev corrects which level."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from echoic.forecasting.forecaster import LEVELS, calibrate

COUNT, HORIZON = 40, 2
ERRORS = torch.tensor(np.random.default_rng(0).standard_normal((COUNT, HORIZON, 1)))


def forecaster(quantiles: torch.Tensor | None = None, errors: torch.Tensor = ERRORS) -> Any:
    """A forecaster of zeros on a series whose values are the errors."""
    framing = SimpleNamespace(context=0, horizon=HORIZON, encoded=lambda starts, _: errors[starts])

    def scaled(starts: Any) -> Any:
        mean = torch.zeros(len(starts), HORIZON, 1, dtype=torch.float64)
        return mean, None if quantiles is None else quantiles.expand(-1, *mean.shape)

    return SimpleNamespace(framing=framing, scaled=scaled)


def level_of_errors(level: Any) -> Any:
    """The level of the errors, with the finite-sample correction, away from the middle."""
    return min(level * (COUNT + 1) / COUNT, 1) if level > 0.5 else max(1 - (1 - level) * (COUNT + 1) / COUNT, 0)


@pytest.mark.parametrize("batches", [1, 3])
def test_a_level_is_moved_by_the_corrected_quantile_of_its_errors(batches: Any) -> None:
    shift = calibrate(forecaster(), torch.arange(COUNT).chunk(batches)).shift
    assert shift.shape == (len(LEVELS), HORIZON, 1)
    for found, level in zip(shift, LEVELS, strict=True):
        expected = np.quantile(ERRORS.numpy(), level_of_errors(level), 0)
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-12)


def test_the_errors_of_a_level_are_those_above_its_own_quantile() -> None:
    quantiles = torch.linspace(-2, 2, len(LEVELS), dtype=torch.float64)[:, None, None, None]
    plain = calibrate(forecaster(), [torch.arange(COUNT)]).shift
    moved = calibrate(forecaster(quantiles), [torch.arange(COUNT)]).shift
    torch.testing.assert_close(moved, plain - quantiles[:, 0])


def test_missing_values_are_left_out_and_a_step_without_any_value_is_not_moved() -> None:
    errors = ERRORS.clone()
    errors[5:, 0] = torch.nan
    errors[:, 1] = torch.nan
    shift = calibrate(forecaster(errors=errors), [torch.arange(COUNT)]).shift
    expected = [np.quantile(ERRORS[:5, 0].numpy(), level_of_errors(level)) for level in LEVELS]
    np.testing.assert_allclose(shift[:, 0, 0].numpy(), expected, atol=1e-12)
    assert (shift[:, 1] == 0).all()
