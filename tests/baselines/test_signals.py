"""Linear and static baselines of signals, against simulations sample by sample in float64."""

import json
from typing import Any

import numpy as np
import pytest

from echoic.baselines.signals import SignalBaselines, filtered, simulated

STEPS = 3000


def naive_arx(inputs: np.ndarray, own: list[float], driven: list[list[float]], constant: float) -> np.ndarray:
    """`y[t] = sum a y[t-i] + sum b u[t-k] + c`, one step after the other."""
    made = np.zeros(len(inputs))
    for step in range(len(inputs)):
        made[step] = constant
        for lag, weight in enumerate(own, 1):
            made[step] += weight * made[step - lag] if step >= lag else 0.0
        for lag, weights in enumerate(driven):
            made[step] += float(np.dot(weights, inputs[step - lag])) if step >= lag else 0.0
    return made


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((STEPS, 2))


def test_the_filter_is_a_sum_over_lags(inputs: np.ndarray) -> None:
    weights = np.random.default_rng(1).standard_normal((2 * 3 + 1, 2))
    expected = np.zeros((STEPS, 2))
    for step in range(STEPS):
        expected[step] = weights[-1]
        for lag in range(min(3, step + 1)):
            expected[step] += inputs[step - lag] @ weights[2 * lag : 2 * lag + 2]
    np.testing.assert_allclose(filtered(inputs, weights), expected, atol=1e-12)


def test_an_arx_model_is_simulated_from_the_inputs_alone(inputs: np.ndarray) -> None:
    own, driven = [0.5, -0.3], [[1.0, 0.2], [0.4, -0.1], [0.0, 0.7]]
    model = np.array(own), np.array([*np.concatenate(driven), 0.25])
    made = simulated(inputs, [model])[:, 0]
    np.testing.assert_allclose(made, naive_arx(inputs, own, driven, 0.25), atol=1e-10)


def test_least_squares_find_a_linear_system(inputs: np.ndarray) -> None:
    target = naive_arx(inputs, [0.9, -0.2], [[1.0, 0.3], [0.5, 0.0], [0.0, 0.4]], 0.1)[:, None]
    baselines = SignalBaselines.fit([(inputs[:2000], target[:2000])])
    made = baselines.predict(inputs)
    assert baselines.arx is not None
    assert len(baselines.arx[0][0]) in {2, 4, 8, 16}
    after = slice(2000, None)
    assert np.abs(made["arx"] - target)[after].max() < 1e-5
    assert np.abs(made["fir"] - target)[after].max() < 1e-3
    assert np.abs(made["scaled_input"] - target)[after].max() > 0.5


def test_a_static_polynomial_is_found_and_missing_targets_are_left_out(inputs: np.ndarray) -> None:
    target = (inputs[:, :1] ** 3 - 2 * inputs[:, 1:]) + 1
    holed = target.copy()
    holed[::3] = np.nan
    made = SignalBaselines.fit([(inputs, holed)]).predict(inputs)
    np.testing.assert_allclose(made["polynomial"], target, atol=1e-4)


@pytest.mark.parametrize("shortest", [20, 200, 450])
def test_the_filter_may_be_longer_than_the_end_of_a_series_or_all_of_it(shortest: int) -> None:
    draws = np.random.default_rng(1)
    taps = np.zeros(100)
    taps[[0, 90]] = 1.0, -0.5
    series = [draws.standard_normal((steps, 1)) for steps in (900, shortest)]
    pairs = [(one, np.convolve(one[:, 0], taps)[: len(one), None]) for one in series]
    long, target = pairs[0]
    made = SignalBaselines.fit(pairs).predict(long)
    assert np.abs(made["fir"] - target)[100:].max() < 0.01


def test_an_unstable_model_is_not_taken() -> None:
    inputs = np.random.default_rng(0).standard_normal((400, 1))
    target: Any = 1.02 ** np.arange(400.0)[:, None]
    baselines = SignalBaselines.fit([(inputs, target)])
    for own, _ in baselines.arx or ():
        assert np.abs(np.roots([1.0, *-own])).max() < 1


def test_json_keeps_every_number(inputs: np.ndarray) -> None:
    targets = np.stack([inputs[:, 0] + inputs[:, 1], inputs[:, 0] ** 2], 1)
    baselines = SignalBaselines.fit([(inputs, targets)])
    again = SignalBaselines.from_json(json.loads(json.dumps(baselines.to_json())), 2, 2)
    for name, made in baselines.predict(inputs).items():
        np.testing.assert_array_equal(again.predict(inputs)[name], made)


@pytest.mark.parametrize("field", ["scaled_input", "polynomial", "fir", "arx"])
def test_damaged_fields_are_named(inputs: np.ndarray, field: str) -> None:
    stored: dict[str, Any] = SignalBaselines.fit([(inputs, inputs[:, :1])]).to_json()
    damaged: tuple[Any, ...] = ([[1.0]], "a", {})
    for wrong in damaged:
        with pytest.raises(ValueError, match=field):
            SignalBaselines.from_json(stored | {field: wrong}, 2, 1)


def test_inputs_that_hardly_differ_do_not_explode_on_other_data() -> None:
    draws, steps = np.random.default_rng(0), np.arange(3000)
    inputs = np.stack([draws.standard_normal(3000), np.sin(steps / 300)], 1)
    target = naive_arx(inputs, [0.9], [[0.1, 0.05]], 0.0)[:, None] + 0.05 * draws.standard_normal((3000, 1))
    baselines = SignalBaselines.fit([(inputs[:2400], target[:2400])])
    moved = np.stack([inputs[:, 0], np.sin(steps / 300 + 1) + 0.01 * draws.standard_normal(3000)], 1)
    for values in (inputs[2400:], moved):
        for name, made in baselines.predict(values).items():
            assert np.abs(made).max() < 10, name
    assert np.std((baselines.predict(inputs)["fir"] - target)[2400:]) < 0.1
