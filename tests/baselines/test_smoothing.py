"""Exponential smoothing against a plain loop, and its properties."""

from typing import Any

import numpy as np
import pytest

from echoic.baselines import smoothing
from echoic.baselines.smoothing import Smoothing

STEPS = 120


def ends(*columns: int) -> Any:
    return np.array(columns, np.int64)


def one(values: Any, season: int = 1, fit: int = STEPS) -> Smoothing:
    return Smoothing.fit(np.asarray(values, np.float64)[:, None], season, ends(fit))


def test_a_constant_continues() -> None:
    smoothed = one(np.full(STEPS, 7.5))
    forecast = smoothed.forecast(ends(50, STEPS), ends(0, 0), 4)
    np.testing.assert_allclose(forecast, 7.5)


def test_a_season_without_noise_continues() -> None:
    values = np.tile([1.0, 5.0, 2.0, 8.0, 3.0], STEPS // 5)
    smoothed = one(values, season=5)
    assert np.isnan(smoothed.forecast(ends(9), ends(0), 1)).all()
    forecast = smoothed.forecast(ends(62), ends(0), 12)[0]
    np.testing.assert_allclose(forecast, values[62:74], atol=0.05)


def test_a_walk_gets_a_level_rate_near_one() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(0, 1, STEPS))
    forecast = one(walk).forecast(ends(100), ends(0), 1)[0]
    assert abs(forecast[0] - walk[99]) < 0.5


def test_white_noise_gets_a_low_level_rate() -> None:
    noise = 10 + np.random.default_rng(0).normal(0, 1, 400)
    forecast = Smoothing.fit(noise[:, None], 1, ends(400)).forecast(ends(300, 350, 400), ends(0, 0, 0), 1)
    assert np.abs(forecast - 10).max() < 0.5


def test_a_plain_loop_gives_the_same_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    alpha, beta, damping, gamma, season = 0.35, 0.2, 0.9, 0.3, 4
    monkeypatch.setattr(smoothing, "_LEVEL_RATES", (alpha,))
    monkeypatch.setattr(smoothing, "_TRENDS", ((beta, damping),))
    monkeypatch.setattr(smoothing, "_SEASON_RATES", (gamma,))
    rng = np.random.default_rng(1)
    values = 0.3 * np.arange(STEPS) + np.tile([0.0, 3.0, -2.0, 1.0], STEPS // 4) + rng.normal(0, 0.5, STEPS)
    smoothed = Smoothing.fit(values[:, None], season, ends(STEPS))
    if not smoothed.seasonal.any():
        pytest.fail("the seasonal rates must win on a seasonal series")
    slope = (values[season : 2 * season].mean() - values[:season].mean()) / season
    level = values[:season].mean() - slope * (season + 1) / 2
    first = values[: 2 * season].reshape(2, season)
    phases = list((first - first.mean(1, keepdims=True)).mean(0))
    for step in range(90):
        error = values[step] - (level + damping * slope + phases[step % season])
        level, slope = level + damping * slope + alpha * error, damping * slope + alpha * beta * error
        phases[step % season] += gamma * (1 - alpha) * error
    expected = [
        level + sum(damping**k for k in range(1, ahead + 1)) * slope + phases[(89 + ahead) % season]
        for ahead in range(1, 7)
    ]
    np.testing.assert_allclose(smoothed.forecast(ends(90), ends(0), 6)[0], expected, rtol=1e-12)


def test_a_forecast_depends_on_the_past_alone() -> None:
    values = np.cumsum(np.random.default_rng(2).normal(0, 1, STEPS))
    changed = values.copy()
    changed[80:] += 1000
    before, after = (one(series, fit=60).forecast(ends(80), ends(0), 5) for series in (values, changed))
    np.testing.assert_array_equal(before, after)


def test_missing_values_leave_the_state_and_nothing_known_gives_zero() -> None:
    values = np.full(STEPS, 4.0)
    values[10:100] = np.nan
    np.testing.assert_allclose(one(values).forecast(ends(90), ends(0), 2), 4.0)
    np.testing.assert_array_equal(one(np.full(STEPS, np.nan)).forecast(ends(90), ends(0), 2), 0.0)


def test_columns_do_not_mix() -> None:
    rng = np.random.default_rng(3)
    values = np.cumsum(rng.normal(0, 1, (STEPS, 3)), 0)
    together = Smoothing.fit(values, 4, ends(STEPS, STEPS, STEPS)).forecast(ends(100, 100, 100), ends(0, 1, 2), 3)
    alone = [one(values[:, column], season=4).forecast(ends(100), ends(0), 3)[0] for column in range(3)]
    np.testing.assert_allclose(together, alone)


def test_columns_in_blocks_are_smoothed_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(30, 7)).cumsum(0)
    fit_steps = ends(30, 12, 25, 30, 18, 30, 9)
    whole = Smoothing.fit(values, 7, fit_steps)
    monkeypatch.setattr(smoothing, "_MAX_VALUES", 2 * 144)  # two columns at all rates
    blocks = Smoothing.fit(values, 7, fit_steps)
    assert np.array_equal(whole.level, blocks.level)
    assert np.array_equal(whole.damping, blocks.damping)
