import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from echoic.baselines.forecasts import (
    LinearMap,
    drift,
    naive2,
    persistence,
    recent_line,
    recent_median,
    seasonal_growth,
    seasonal_mean,
    seasonal_naive,
)
from echoic.config.table import TableSettings
from echoic.metrics.forecasts import ForecastScores, seasonal_scale
from echoic.sources import read

EXACT = 1e-12
NAN = float("nan")


def make(
    windows: int = 3, steps: int = 15, features: int = 2, missing: float = 0.0, seed: int = 0
) -> NDArray[np.float64]:
    draw = np.random.default_rng(seed)
    history = draw.normal(size=(windows, steps, features)) + 5
    history[draw.random(history.shape) < missing] = NAN
    return history


def each(history: NDArray[np.float64], horizon: int, forecast: Callable[..., Any]) -> NDArray[np.float64]:
    """`forecast(series, horizon)` of every window and column."""
    out = np.empty((len(history), horizon, history.shape[2]))
    for window, column in np.ndindex(len(history), history.shape[2]):
        out[window, :, column] = forecast(history[window, :, column], horizon)
    return out


def naive_last(series: NDArray[np.float64]) -> float:
    known = [value for value in series if not np.isnan(value)]
    return known[-1] if known else 0.0


def naive_persistence(series: NDArray[np.float64], horizon: int) -> list[float]:
    return [naive_last(series)] * horizon


def naive_seasonal(season: int) -> Callable[..., Any]:
    def forecast(series: Any, horizon: Any) -> Any:
        if len(series) < season:
            return naive_persistence(series, horizon)
        values = []
        for step in range(horizon):
            back = season - step % season
            values.append(naive_last(series) if np.isnan(series[-back]) else series[-back])
        return values

    return forecast


def naive_drift(series: Any, horizon: Any) -> Any:
    known = [at for at, value in enumerate(series) if not np.isnan(value)]
    if not known:
        return [0.0] * horizon
    slope = (series[known[-1]] - series[known[0]]) / max(known[-1] - known[0], 1)
    return [series[known[-1]] + slope * (len(series) + step - known[-1]) for step in range(horizon)]


def naive_line(series: Any, horizon: Any) -> Any:
    known = [at for at, value in enumerate(series) if not np.isnan(value)]
    if len(known) < 2:
        return [naive_last(series)] * horizon
    slope, level = np.polyfit(known, series[known], 1)
    return [level + slope * (len(series) + step) for step in range(horizon)]


def naive_growth(season: Any) -> Any:
    def forecast(series: Any, horizon: Any) -> Any:
        if len(series) <= season:
            return naive_persistence(series, horizon)
        last, before = series[-1], series[-season - 1]
        ratio = 1.0 if np.isnan([last, before]).any() or before == 0 else last / before
        return [ratio * value for value in naive_seasonal(season)(series, horizon)]

    return forecast


def naive_median(steps: int) -> Callable[..., Any]:
    def forecast(series: Any, horizon: Any) -> Any:
        known = [value for value in series[-steps:] if not np.isnan(value)]
        return [statistics.median(known) if known else naive_last(series)] * horizon

    return forecast


def naive_seasonal_mean(season: int, seasons: int) -> Callable[..., Any]:
    def forecast(series: Any, horizon: Any) -> Any:
        values = []
        for step in range(horizon):
            back = season - step % season
            earlier = [series[-back - season * k] for k in range(seasons) if (k + 1) * season <= len(series)]
            known = [value for value in earlier if not np.isnan(value)]
            values.append(statistics.fmean(known) if known else naive_last(series))
        return values

    return forecast


FORECASTS = {
    "persistence": (persistence, naive_persistence),
    "drift": (drift, naive_drift),
    "line": (recent_line, naive_line),
    "seasonal": (lambda history, horizon: seasonal_naive(history, horizon, 4), naive_seasonal(4)),
    "growth": (lambda history, horizon: seasonal_growth(history, horizon, 4), naive_growth(4)),
    "median": (lambda history, horizon: recent_median(history, horizon, 6), naive_median(6)),
    "seasonal mean": (lambda history, horizon: seasonal_mean(history, horizon, 4, 2), naive_seasonal_mean(4, 2)),
}


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("steps", [1, 3, 4, 5, 15])
@pytest.mark.parametrize("horizon", [1, 9])
@pytest.mark.parametrize("name", FORECASTS)
def test_baseline_equals_a_plain_loop(name: str, horizon: int, steps: int, missing: float) -> None:
    forecast, oracle = FORECASTS[name]
    history = make(steps=steps, missing=missing)
    np.testing.assert_allclose(forecast(history, horizon), each(history, horizon, oracle), rtol=EXACT)


def multiplicative(steps: int = 48, level: float = 100.0, growth: float = 0.0) -> NDArray[np.float64]:
    """A season of 4 with known indices, whose mean is 1."""
    indices = np.array([0.7, 1.0, 1.4, 0.9])
    at = np.arange(steps)
    series: NDArray[np.float64] = level * (1 + growth) ** at * indices[at % 4]
    return series


@pytest.mark.parametrize("steps", [48, 49, 50, 51])
def test_naive2_continues_a_multiplicative_season_exactly(steps: int) -> None:
    series = multiplicative(steps + 6)
    got = naive2(series[None, :steps, None], 6, 4)[0, :, 0]
    np.testing.assert_allclose(got, series[steps:], rtol=1e-9)


def test_naive2_of_an_odd_season_continues_it_exactly() -> None:
    series = np.tile([3.0, 5.0, 4.0], 20)
    np.testing.assert_allclose(naive2(series[None, :58, None], 2, 3)[0, :, 0], series[58:], rtol=1e-9)


def test_naive2_keeps_in_step_with_a_series_that_begins_late() -> None:
    series = multiplicative(54)
    late = series[:50].copy()
    late[:7] = NAN
    np.testing.assert_allclose(naive2(late[None, :, None], 4, 4)[0, :, 0], series[50:], rtol=1e-9)


@pytest.mark.parametrize("gap", [slice(20, 21), slice(47, 50)], ids=["inside", "at the end"])
def test_naive2_keeps_in_step_across_a_gap(gap: Any) -> None:
    series = multiplicative(54)
    holed = series[:50].copy()
    holed[gap] = NAN
    np.testing.assert_allclose(naive2(holed[None, :, None], 4, 4)[0, :, 0], series[50:], rtol=0.05)


@pytest.mark.parametrize(
    "series",
    [
        np.random.default_rng(0).normal(size=60) + 9,
        multiplicative()[:11],
        multiplicative() - 80,
        np.full(30, 2.0),
        np.array([3.0]),
    ],
    ids=["no season", "too short", "not positive", "constant", "one value"],
)
def test_naive2_is_persistence_where_nothing_is_adjusted(series: NDArray[np.float64]) -> None:
    np.testing.assert_array_equal(naive2(series[None, :, None], 5, 4)[0, :, 0], np.full(5, series[-1]))


def test_naive2_of_all_missing_values_is_finite_as_all_others() -> None:
    history = np.full((1, 5, 1), NAN)
    for forecast in (persistence(history, 2), naive2(history, 2, 4), drift(history, 2)):
        np.testing.assert_array_equal(forecast, np.zeros((1, 2, 1)))


def linear_windows(
    lookback: int, horizon: int, windows: int = 200, features: int = 2, missing: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Oscillations of one recurrence, x[t] = 1.6 x[t-1] - x[t-2], around levels of their own."""
    draw = np.random.default_rng(0)
    angle = np.arccos(0.8) * np.arange(lookback + horizon)
    phase, level = draw.random((windows, 1, features)) * 7, draw.normal(size=(windows, 1, features)) * 10
    values = np.sin(angle[None, :, None] + phase) + level
    seen = values[:, :lookback].copy()
    seen[draw.random(seen.shape) < missing] = NAN
    return seen, values[:, lookback:]


def test_linear_map_recovers_a_linear_recurrence_whatever_the_level() -> None:
    seen, followed = linear_windows(12, 3)
    linear = LinearMap.fit(lambda: [(seen[:100], followed[:100]), (seen[100:150], followed[100:150])], 12, 3)
    got = linear.forecast(seen[150:])
    assert got.shape == followed[150:].shape
    np.testing.assert_allclose(got, followed[150:], atol=0.02)


def test_linear_map_equals_least_squares_with_its_ridge() -> None:
    seen, followed = (array.transpose(0, 2, 1).reshape(-1, array.shape[1]) for array in linear_windows(6, 2))
    last = seen[:, -1:]
    design = np.concatenate([seen - last, np.ones((len(seen), 1))], 1)
    ridge = np.diag([1e-3 * ((seen - last) ** 2).sum() / 6] * 6 + [0.0])
    weights = np.linalg.solve(design.T @ design + ridge + 1e-9 * np.eye(7), design.T @ (followed - last))
    got = LinearMap.fit(lambda: [linear_windows(6, 2)], 6, 2).weights
    np.testing.assert_allclose(got, weights, rtol=1e-6, atol=1e-9)


def test_each_step_of_a_linear_map_is_fitted_to_the_targets_known_for_it() -> None:
    draw = np.random.default_rng(1)
    seen, followed = linear_windows(6, 2)
    seen += 0.1 * draw.normal(size=seen.shape)
    followed[draw.random(followed.shape) < 0.3] = NAN
    rows, targets = (array.transpose(0, 2, 1).reshape(-1, array.shape[1]) for array in (seen, followed))
    last = rows[:, -1:]
    design, wanted = np.concatenate([rows - last, np.ones((len(rows), 1))], 1), targets - last
    used = np.isfinite(wanted).any(1)
    ridge = np.diag([1e-3 * ((rows - last)[used] ** 2).sum() / 6] * 6 + [0.0])
    got = LinearMap.fit(lambda: [(seen, followed)], 6, 2).weights
    for step in range(2):
        known = design[np.isfinite(wanted[:, step])]
        expected = np.linalg.solve(known.T @ known + ridge, known.T @ wanted[np.isfinite(wanted[:, step]), step])
        np.testing.assert_allclose(got[:, step], expected, atol=1e-3 * float(np.linalg.norm(expected)))


def test_a_linear_map_learns_from_windows_that_all_have_gaps() -> None:
    seen, followed = linear_windows(24, 4, windows=600, missing=0.1)
    draw = np.random.default_rng(2)
    holed = np.where(draw.random(followed.shape) < 0.3, NAN, followed)
    assert np.isnan(seen).any(1).mean() > 0.9
    forecast = LinearMap.fit(lambda: [(seen[:500], holed[:500])], 24, 4).forecast(seen[500:])
    naive = persistence(seen[500:], 4)
    assert np.abs(forecast - followed[500:]).mean() < 0.3 * np.abs(naive - followed[500:]).mean()


def test_windows_without_a_known_value_do_not_teach_the_linear_map() -> None:
    seen, followed = linear_windows(6, 2)
    holed_seen, holed_followed = seen.copy(), followed.copy()
    holed_seen[:50], holed_followed[50:80] = NAN, NAN
    got = LinearMap.fit(lambda: [(holed_seen, holed_followed)], 6, 2).weights
    np.testing.assert_allclose(got, LinearMap.fit(lambda: [(seen[80:], followed[80:])], 6, 2).weights, rtol=1e-9)


def test_the_linear_map_fills_gaps_with_the_value_before_them() -> None:
    seen, followed = linear_windows(6, 2)
    linear = LinearMap.fit(lambda: [(seen, followed)], 6, 2)
    holed = seen[:1].copy()
    holed[0, [1, 5], 0] = NAN
    filled = seen[:1].copy()
    filled[0, [1, 5], 0] = filled[0, [0, 4], 0]
    np.testing.assert_allclose(linear.forecast(holed), linear.forecast(filled), rtol=EXACT)


def test_a_linear_map_that_saw_nothing_is_persistence() -> None:
    history = make()
    np.testing.assert_allclose(LinearMap.fit(list, 15, 4).forecast(history), persistence(history, 4), rtol=1e-9)


@pytest.mark.data
@pytest.mark.parametrize(
    ("forecast", "smape", "mase"),
    [(seasonal_naive, 13.912, 1.193), (naive2, 18.383, 2.395)],
    ids=["seasonal", "naive2"],
)
def test_m4_hourly_scores_are_the_published_ones(
    data_dir: Path, forecast: Callable[..., Any], smape: float, mase: float
) -> None:
    train, test = (
        read(data_dir / f"m4_hourly/Hourly-{part}.csv", TableSettings(format="m4")).series for part in ("train", "test")
    )
    scores = ForecastScores(48, ("y",), (), {})
    for seen, followed in zip(train, test, strict=True):
        assert seen.name == followed.name
        history, target = (one.values.astype(np.float64)[None] for one in (seen, followed))
        scale = seasonal_scale(history[0], 24)[None, None]
        scores.add(target, forecast(history, 48, 24), None, np.ones((1, 1, 1)), scale)
    table = scores.table()
    assert round(table["smape"], 3) == smape
    assert round(table["mase"], 3) == mase
