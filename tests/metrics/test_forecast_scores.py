from typing import Any

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from echoic.metrics.forecasts import ForecastScores, owa, seasonal_scale

EXACT = 1e-12
CLOSE = 0.05  # of the closed form: what the levels leave out
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
FORECAST_LEVELS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
NAN = float("nan")

Floats = NDArray[np.float64]


def make(
    windows: int = 7, horizon: int = 4, features: int = 3, seed: int = 0, missing: float = 0.2
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    draw = np.random.default_rng(seed)
    target = draw.normal(size=(windows, horizon, features))
    target[draw.random(target.shape) < missing] = NAN
    mean = draw.normal(size=target.shape)
    quantiles = np.sort(draw.normal(size=(len(LEVELS), *target.shape)), 0)
    unit = draw.random((windows, 1, features)) + 0.5
    mase_scale = draw.random((windows, 1, features)) + 0.5
    return target, mean, quantiles, unit, mase_scale


def scores_of(
    *batches: Any, horizon: int = 4, features: str = "abc", levels: tuple[float, ...] = LEVELS
) -> ForecastScores:
    scores = ForecastScores(horizon, tuple(features), levels, {80: (0.1, 0.9), 50: (0.25, 0.75)})
    for batch in batches:
        scores.add(*batch)
    return scores


def naive(
    target: NDArray[np.float64],
    mean: NDArray[np.float64],
    quantiles: NDArray[np.float64],
    unit: NDArray[np.float64],
    mase_scale: NDArray[np.float64],
    where: tuple[Any, ...] = np.s_[:, :, :],
) -> dict[str, float]:
    """Every score of the values at `where`, one at a time."""
    full = np.broadcast_to
    chosen = [
        array[where].ravel() for array in (target, mean, full(unit, target.shape), full(mase_scale, target.shape))
    ]
    levels = [values[where].ravel() for values in quantiles]
    squared, absolute, symmetric, scaled, inside, crps = [], [], [], [], [], []
    for at, (y, f, u, s) in enumerate(zip(*chosen, strict=True)):
        if np.isnan(y):
            continue
        squared.append(((y - f) / u) ** 2)
        absolute.append(abs(y - f) / u)
        symmetric.append(200 * abs(y - f) / (abs(y) + abs(f)))
        scaled.append(abs(y - f) / s)
        inside.append(levels[0][at] <= y <= levels[4][at])
        pinball = [max(a * (y - q[at]), (a - 1) * (y - q[at])) for a, q in zip(LEVELS, levels, strict=True)]
        shares = (0.125, 0.2, 0.25, 0.2, 0.125)  # of the trapezoid rule from 0 to 1
        crps.append(2 * sum(w * p for w, p in zip(shares, pinball, strict=True)) / u)
    return {
        "mse": np.mean(squared),
        "mae": np.mean(absolute),
        "rmse": np.sqrt(np.mean(squared)),
        "smape": np.mean(symmetric),
        "mase": np.mean(scaled),
        "crps": np.mean(crps),
        "coverage_80": np.mean(inside),
    }


def assert_scores(got: dict[str, float], wanted: dict[str, float]) -> None:
    assert {name: got[name] for name in wanted} == pytest.approx(wanted, rel=EXACT)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_scores_equal_the_plain_formulas(missing: float) -> None:
    batch = make(missing=missing)
    assert_scores(scores_of(batch).table(), naive(*batch))


def test_scores_by_step_and_by_feature_equal_the_plain_formulas() -> None:
    batch = make()
    scores = scores_of(batch)
    for step, row in enumerate(scores.by_horizon()):
        assert_scores(row, naive(*batch, where=np.s_[:, step, :]))
    for column, (feature, row) in enumerate(scores.by_feature().items()):
        assert feature == "abc"[column]
        assert_scores(row, naive(*batch, where=np.s_[:, :, column]))


def test_batches_add_up_to_the_whole() -> None:
    target, mean, quantiles, unit, scale = make()
    pieces = [
        (target[part], mean[part], quantiles[:, part], unit[part], scale[part]) for part in (np.s_[:2], np.s_[2:])
    ]
    whole = scores_of((target, mean, quantiles, unit, scale)).table()
    assert scores_of(*pieces).table() == pytest.approx(whole, rel=EXACT)


def test_forecasts_of_missing_targets_do_not_count() -> None:
    batch = make()
    other = [array.copy() for array in batch]
    gaps = np.isnan(batch[0])
    other[1][gaps] = 1e9
    other[2][:, gaps] = NAN
    assert scores_of(other).table() == scores_of(batch).table()


def test_smape_of_two_zeros_is_zero_and_of_opposites_is_200() -> None:
    one = np.ones((1, 1, 1))
    for target, mean, wanted in ((0.0, 0.0, 0.0), (0.0, 3.0, 200.0), (-2.0, 2.0, 200.0), (100.0, 50.0, 100 * 50 / 75)):
        table = scores_of((target * one, mean * one, None, one, one), horizon=1, features="a").table()
        assert table["smape"] == pytest.approx(wanted, rel=EXACT)


def test_a_feature_without_a_mase_scale_is_left_out_of_mase() -> None:
    target, mean, quantiles, unit, scale = make(missing=0.0)
    scale[:, :, 1] = NAN
    scores = scores_of((target, mean, quantiles, unit, scale))
    kept = np.abs(target - mean)[..., [0, 2]] / scale[..., [0, 2]]
    assert scores.table()["mase"] == pytest.approx(kept.mean(), rel=EXACT)
    assert "mase" not in scores.by_feature()["b"]
    assert "mse" in scores.by_feature()["b"]


def test_without_quantiles_there_is_neither_crps_nor_coverage() -> None:
    target, mean, _, unit, scale = make()
    assert set(scores_of((target, mean, None, unit, scale)).table()) == {"mse", "mae", "rmse", "smape", "mase"}


def test_all_missing_targets_have_no_scores() -> None:
    batch = make()
    batch[0][:] = NAN
    assert scores_of(batch).table() == {}


@pytest.mark.parametrize("levels", [FORECAST_LEVELS, tuple(np.arange(1, 100) / 100)], ids=["forecast", "percent"])
@pytest.mark.parametrize("deviation", [0.5, 1.0, 2.0])
def test_crps_approaches_the_closed_form_of_a_gaussian(levels: tuple[float, ...], deviation: float) -> None:
    target = np.random.default_rng(0).normal(size=(20_000, 1, 1))
    z = target / deviation
    wanted = deviation * (z * (2 * scipy.stats.norm.cdf(z) - 1) + 2 * scipy.stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    values = scipy.stats.norm.ppf(levels, scale=deviation)
    quantiles = np.broadcast_to(values[:, None, None, None], (len(levels), *target.shape))
    scores = ForecastScores(1, ("a",), levels, {})
    scores.add(target, np.zeros_like(target), quantiles, np.ones((1, 1, 1)), np.ones((1, 1, 1)))
    assert scores.table()["crps"] == pytest.approx(wanted.mean(), rel=CLOSE)


def test_coverage_of_the_right_distribution_is_its_name() -> None:
    target = np.random.default_rng(0).normal(size=(20_000, 1, 1))
    quantiles = np.broadcast_to(scipy.stats.norm.ppf(LEVELS)[:, None, None, None], (5, *target.shape))
    one = np.ones((1, 1, 1))
    table = scores_of((target, 0 * target, quantiles, one, one), horizon=1, features="a").table()
    assert table["coverage_80"] == pytest.approx(0.8, abs=0.02)
    assert table["coverage_50"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("season", [1, 3])
def test_seasonal_scale_is_the_mean_change_over_a_season(season: int) -> None:
    values = np.random.default_rng(0).normal(size=(20, 2))
    wanted = [np.mean([abs(values[at, k] - values[at - season, k]) for at in range(season, 20)]) for k in range(2)]
    np.testing.assert_allclose(seasonal_scale(values, season), wanted, rtol=EXACT)


def test_seasonal_scale_leaves_out_missing_values_and_constant_features() -> None:
    history = np.array([[1.0, 5.0, NAN], [NAN, 5.0, NAN], [4.0, 5.0, NAN], [6.0, 5.0, 1.0]])
    np.testing.assert_array_equal(seasonal_scale(history, 1), [2.0, NAN, NAN])
    np.testing.assert_array_equal(seasonal_scale(history, 2), [3.0, NAN, NAN])


@pytest.mark.parametrize("season", [4, 5, 100])
def test_a_history_of_no_more_than_a_season_is_compared_step_by_step(season: int) -> None:
    history = np.array([[1.0], [2.0], [4.0], [3.0]])
    assert seasonal_scale(history, season)[0] == pytest.approx(4 / 3)


def test_owa_is_the_mean_of_both_ratios() -> None:
    assert owa({"smape": 10.0, "mase": 3.0}, {"smape": 20.0, "mase": 2.0}) == pytest.approx(1.0)
    assert owa({"smape": 20.0, "mase": 2.0}, {"smape": 20.0, "mase": 2.0}) == pytest.approx(1.0)


def test_owa_of_a_perfect_forecast_is_zero() -> None:
    assert owa({"smape": 0.0, "mase": 0.0}, {"smape": 20.0, "mase": 2.0}) == 0


@pytest.mark.parametrize("naive2", [{"smape": 20.0}, {"smape": 20.0, "mase": 0.0}, {}])
def test_owa_requires_both_scores_of_naive2(naive2: dict[str, float]) -> None:
    assert owa({"smape": 10.0, "mase": 3.0}, naive2) is None
    assert owa(naive2, {"smape": 10.0, "mase": 3.0}) is None or naive2.get("mase") == 0
