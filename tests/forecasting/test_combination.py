"""The combination of baselines: it follows the best one, looks at the past alone, and survives a JSON file."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from echoic.config import ForecastSettings
from echoic.forecasting.combination import Combination
from echoic.forecasting.framing import Codec, Framing
from echoic.forecasting.linear_maps import CombinationState
from echoic.types import Series
from echoic.windows import Panel, Ranges, full_ranges

SETTINGS: dict[str, Any] = {
    "lookback": 8, "horizon": 3, "season": (), "baseline_seasons": (6,), "scale": "standard",
    "residual_baseline": "last", "lags": (), "instance_norm": "none", "channels": "joint", "strategy": "direct",
}  # fmt: skip


def framing_of(*values: Any, **settings: Any) -> Framing:
    tables = [np.asarray(one, np.float32).reshape(len(one), -1) for one in values]
    features = tuple(f"y{column}" for column in range(tables[0].shape[1]))
    series = [Series(f"s{number}", table, features) for number, table in enumerate(tables)]
    resolved = ForecastSettings().replaced(**SETTINGS | settings)
    panel = Panel.from_series(series)
    return Framing(resolved, Codec.fit(resolved, panel, full_ranges(series)), panel)


def combine(framing: Framing, fraction: float = 0.6) -> Combination:
    panel = framing.panel
    train = Ranges(panel.offsets[:-1], panel.offsets[:-1] + (panel.offsets.diff() * fraction).long())
    return Combination(CombinationState.fit(framing, train, train), framing, train.end)


def full_ranges_of(framing: Framing) -> Ranges:
    return Ranges(framing.panel.offsets[:-1], framing.panel.offsets[1:])


def season_of_six(steps: int = 240, noise: float = 0.1) -> Any:
    return 10 + np.tile([0, 4, 1, 6, 2, 5], steps // 6) + np.random.default_rng(0).normal(0, noise, steps)


def walk(steps: int = 240) -> Any:
    return np.cumsum(np.random.default_rng(1).normal(0, 1, steps))


def origins(*rows: int) -> torch.Tensor:
    return torch.tensor(rows)


def test_weights_follow_the_series() -> None:
    seasonal = combine(framing_of(season_of_six())).mean_weights(origins(200, 230))
    assert sum(seasonal.values()) == pytest.approx(1)
    assert sum(share for name, share in seasonal.items() if "season of 6" in name or name == "linear") > 0.95
    random = combine(framing_of(walk())).mean_weights(origins(200, 230))
    assert sum(share for name, share in random.items() if "season" in name) < 0.3


def test_the_combination_is_about_as_good_as_the_best_baseline_of_each_series() -> None:
    framing = framing_of(season_of_six(), walk())
    combination, rows = combine(framing), torch.cat([torch.arange(160, 236), torch.arange(400, 476)])
    target = framing.panel.window(rows, 3).double().numpy()
    members = combination.candidates.forecasts(rows)
    for part in (slice(0, 76), slice(76, None)):
        errors = {name: np.abs(values - target)[part].mean() for name, values in members.items()}
        ours = np.abs(combination.forecast(rows).mean - target)[part].mean()
        assert ours < 1.1 * min(errors.values())


def test_a_change_of_level_is_followed() -> None:
    values = np.random.default_rng(2).normal(0, 1, 300)
    values[200:] += 100
    forecast = combine(framing_of(values)).forecast(origins(215, 260)).mean
    assert (np.abs(forecast - 100) < 5).all()


def test_a_change_of_level_is_followed_long_before_the_horizon_is_over() -> None:
    values = np.random.default_rng(2).normal(0, 1, 300)
    values[200:] += 100
    combination = combine(framing_of(values, horizon=24))
    assert np.abs(combination.forecast(origins(206)).mean - 100).mean() < 10
    assert combination.mean_weights(origins(206))["median of 48"] < 0.02


def test_held_out_forecasts_are_by_maps_that_do_not_know_what_follows() -> None:
    framing = framing_of(np.random.default_rng(3).normal(0, 1, 60), lookback=20, scale="none")
    train, final = Ranges(torch.tensor([0]), torch.tensor([36])), full_ranges_of(framing)
    combination = Combination(CombinationState.fit(framing, train, final), framing, train.end)
    rows = torch.arange(40, 58)
    target = framing.panel.window(rows, 3).double().numpy()
    candidates = combination.candidates
    known, held = (np.abs(one(rows)["linear"] - target).mean() for one in (candidates.forecasts, candidates.held_out))
    assert known < 0.8 * held
    known, held = (np.abs(one(rows).mean - target).mean() for one in (combination.forecast, combination.held_out))
    assert known < 0.95 * held


def test_the_unit_of_errors_grows_with_a_series_on_a_logarithmic_scale() -> None:
    steps = np.arange(300)
    values = np.exp(0.02 * steps + np.random.default_rng(4).normal(0, 0.1, 300))
    unit = combine(framing_of(values, scale="log")).forecast(origins(*range(200, 300))).error[:, 0, 0]
    relative = unit / np.exp(0.02 * steps[200:])
    assert 0.7 < relative[-30:].mean() / relative[:30].mean() < 1.4


def test_a_forecast_depends_on_the_past_alone() -> None:
    values = season_of_six()
    changed = values.copy()
    changed[180:] = 1e4
    before, after = (combine(framing_of(one, scale="none")).forecast(origins(150, 180)) for one in (values, changed))
    np.testing.assert_allclose(before.mean, after.mean)
    np.testing.assert_allclose(before.error, after.error)


def test_series_do_not_mix() -> None:
    together = combine(framing_of(season_of_six(), walk(), scale="none", lookback=2)).forecast(origins(200, 440))
    weights = combine(framing_of(season_of_six(), walk(), scale="none", lookback=2)).candidates.state
    alone = Combination(weights, framing_of(walk(), scale="none", lookback=2), origins(144)).forecast(origins(200))
    np.testing.assert_allclose(together.mean[1], alone.mean[0])


def test_an_origin_may_lie_right_after_its_series_and_one_step_of_history_is_enough() -> None:
    framing = framing_of(season_of_six(), walk(), [3.0, 4.0])
    combined = combine(framing, 0.5).forecast(origins(240, 480, 481, 482))
    assert np.isfinite(combined.mean).all()
    assert (combined.error > 0).all()
    np.testing.assert_allclose(combined.mean[2], 3.0, atol=0.5)


def test_the_recent_error_is_that_of_such_forecasts() -> None:
    noise = np.random.default_rng(3).normal(0, 2, 600)
    combination = combine(framing_of(noise))
    assert 1.0 < combination.forecast(origins(590)).error[0, 0, 0] < 2.2
    errors = combination.past_errors(origins(600))
    assert len(combination.past_errors(origins(300))) < len(errors)
    assert 0.7 < np.abs(errors[50:]).mean() < 1.6


def test_two_features_have_weights_of_their_own() -> None:
    framing = framing_of(np.stack([season_of_six(), walk()], 1))
    combination, rows = combine(framing), torch.arange(160, 236)
    target = framing.panel.window(rows, 3).double().numpy()
    error = np.abs(combination.forecast(rows).mean - target).mean((0, 1))
    assert error[0] < 0.3
    assert error[1] < 2


def test_the_state_survives_a_json_file() -> None:
    framing = framing_of(season_of_six())
    state = combine(framing).candidates.state
    again = CombinationState.from_json(json.loads(json.dumps(state.to_json())))
    expected, found = (Combination(one, framing).forecast(origins(200)) for one in (state, again))
    np.testing.assert_array_equal(expected.mean, found.mean)


def test_a_linear_map_that_would_be_huge_is_left_out() -> None:
    state = combine(framing_of(walk(2400), horizon=700, lookback=700)).candidates.state
    assert state.final_maps == {}
    assert "linear" not in Combination(state, framing_of(walk(2400), horizon=700, lookback=700)).candidates.names()


def test_the_majority_value_is_that_of_more_than_half_of_the_recent_known_steps() -> None:
    values = np.full(200, 5.0)
    values[::3] = np.arange(67) + 10  # two thirds of the steps are 5
    values[100:] = np.arange(100)
    gaps = np.where(np.arange(200) % 2 == 0, 7.0, np.nan)
    framing = framing_of(values, gaps)
    value = combine(framing).candidates.majority_value(origins(90, 180, 300))
    np.testing.assert_array_equal(value[:, 0], [5.0, np.nan, 7.0])
