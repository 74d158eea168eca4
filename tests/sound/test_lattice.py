"""Prediction by reflection coefficients: stable whatever they are, and the same filter both ways."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_toeplitz

from echoic.sound import reflections_from_weights, weights_from_reflections

REFLECTIONS = st.lists(st.floats(-0.95, 0.95), min_size=1, max_size=12)


@pytest.mark.slow
@given(reflections=REFLECTIONS)
def test_every_pole_lies_within_the_unit_circle(reflections: list[float]) -> None:
    weights = weights_from_reflections(torch.tensor(reflections, dtype=torch.float64)).numpy()
    poles = np.roots(np.concatenate([[1.0], -weights[::-1]]))
    assert np.abs(poles).max(initial=0) < 1


@given(reflections=REFLECTIONS)
def test_there_and_back(reflections: list[float]) -> None:
    weights = weights_from_reflections(torch.tensor(reflections, dtype=torch.float64))
    assert reflections_from_weights(weights.tolist()) == pytest.approx(reflections, abs=1e-6)


def test_rows_are_filters_of_their_own() -> None:
    reflections = torch.rand(3, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 0.5
    alone = [[weights_from_reflections(row) for row in rows] for rows in reflections]
    torch.testing.assert_close(
        weights_from_reflections(reflections), torch.stack([torch.stack(rows) for rows in alone])
    )


def test_filters_of_the_autocorrelation_method_are_stable() -> None:
    sound = np.random.default_rng(0).standard_normal(4000).cumsum()
    correlation = np.array([sound[lag:] @ sound[: len(sound) - lag] for lag in range(9)])
    weights = solve_toeplitz(correlation[:8], correlation[1:])[::-1]
    reflections = reflections_from_weights(weights)
    assert max(map(abs, reflections)) < 1
    np.testing.assert_allclose(
        weights_from_reflections(torch.tensor(reflections, dtype=torch.float64)), weights, atol=1e-6
    )


def test_a_filter_that_runs_away_is_refused() -> None:
    with pytest.raises(ValueError, match="unstable"):
        reflections_from_weights([0.2, 1.5, -0.9, 1.2])
