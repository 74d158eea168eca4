"""Prediction intervals: ordered, and about as wide as they say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from echoic.api.run import Run
from echoic.api.train import train
from echoic.errors import ConfigError
from echoic.forecasting.calibration import Calibration
from echoic.forecasting.levels import INTERVALS, LEVELS

HEADS = ["point", "gaussian", "student_t", "quantiles"]
STEPS = 2400
SETTINGS: dict[str, Any] = {
    "split": (1200, 600, 600), "lookback": 8, "horizon": 3, "layers": (6,), "epochs": 8, "lr": 1e-2, "batch_size": 64,
    "threads": 1, "residual_baseline": "none", "scale": "standard",
}  # fmt: skip


def noisy(steps: int = STEPS) -> np.ndarray:
    """A stationary series with memory: what follows is uncertain, and always alike so."""
    noise = np.random.default_rng(0).standard_normal(steps)
    values = np.zeros(steps, np.float32)
    for step in range(1, steps):
        values[step] = 0.6 * values[step - 1] + noise[step]
    return 20 + 3 * values


def make(path: Path, head: str, strategy: str, **settings: Any) -> Run:
    wanted = SETTINGS | {"head": head, "strategy": strategy} | settings
    if strategy == "recursive":
        wanted.pop("residual_baseline")
    if strategy == "segments":
        wanted |= {"segment_steps": 4, "layers": (12,), "dropout": 0.0, "channels": "joint"}
    return train("forecast", noisy(), out=path / f"{head}-{strategy}-{wanted.get('network_weight')}", **wanted)


def calibration_of(run: Run) -> dict[str, Any]:
    calibration = run.fitted.calibration
    assert calibration is not None
    return calibration


def quantiles(run: Run) -> np.ndarray:
    forecaster = run.fitted.task.forecaster(run.model, None)
    found: torch.Tensor | None = forecaster.forecast(torch.arange(0, 200, 10)).quantiles
    assert found is not None
    assert found.shape[0] == len(LEVELS)
    return found.numpy()


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["recursive", "direct", "segments"])
@pytest.mark.parametrize("head", HEADS)
def test_intervals_have_about_their_nominal_coverage(tmp_path: Path, head: str, strategy: str) -> None:
    run = make(tmp_path, head, strategy)
    scores = run.evaluate(stride=2).scores
    assert 0.70 < scores["coverage_80"] < 0.90
    assert 0.85 < scores["coverage_95"] < 0.99
    table = run.backtest(stride=50)
    bounds = [table[name] for name in ("lo-95", "lo-80", "hi-80", "hi-95")]
    assert (np.diff(bounds, axis=0) > 0).all()
    if head != "point":
        assert (np.diff(quantiles(run), axis=0) >= 0).all()


@pytest.mark.parametrize(("head", "weight"), [*((head, 0.5) for head in HEADS), ("quantiles", 0.0), ("quantiles", 1.0)])
def test_the_weight_mixes_the_network_with_the_baselines(tmp_path: Path, head: str, weight: float) -> None:
    run = make(tmp_path, head, "direct", network_weight=weight, epochs=2)
    forecaster = run.fitted.task.forecaster(run.model, Calibration.from_json(calibration_of(run)))
    starts = torch.arange(1800, 2300, 20)
    mixed, network = forecaster.forecast(starts), forecaster.network_forecast(starts)
    baselines = torch.from_numpy(forecaster.baselines.forecast(starts + forecaster.framing.context).mean)
    torch.testing.assert_close(mixed.mean, baselines + weight * (network.mean - baselines), atol=1e-4, rtol=0)
    assert abs(run.evaluate().scores["coverage_80"] - 0.8) < 0.06
    assert mixed.quantiles is not None
    assert (mixed.quantiles.diff(dim=0) >= 0).all()


def test_without_dev_network_and_baselines_have_equal_weights_and_past_errors_give_intervals(tmp_path: Path) -> None:
    run = make(tmp_path, "point", "direct", split=(1200, 0, 600), epochs=1)
    assert set(calibration_of(run)["weight"]) == {0.5}
    assert "No dev window to choose by" in run.notes()[0]
    assert 0.7 < run.evaluate().scores["coverage_80"] < 0.9


def test_intervals_widen_with_the_horizon(tmp_path: Path) -> None:
    run = make(tmp_path, "gaussian", "recursive", horizon=4)
    table = run.backtest(stride=10)
    width = (table["hi-80"] - table["lo-80"]).reshape(-1, 4).mean(0)
    assert width[0] < width[1] < width[3]
    # 80 % of a step with deviation 3, and of the stationary distribution.
    assert width[0] == pytest.approx(2 * 1.2816 * 3, rel=0.15)


def test_quantiles_must_include_the_bounds_of_the_intervals(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`quantiles` must include 0\.025 and 0\.975"):
        make(tmp_path, "quantiles", "direct", quantiles=(0.1, 0.5, 0.9))


def test_few_windows_on_dev_give_a_small_weight_and_say_so(tmp_path: Path) -> None:
    run = make(tmp_path, "point", "direct", split=(1200, 5, 600))
    assert max(calibration_of(run)["weight"]) < 0.5
    assert "too few to judge the network by" in run.notes()[0]
    assert "lo-80" in run.predict()


def test_with_hardly_any_past_there_is_no_interval(tmp_path: Path) -> None:
    run = train(
        "forecast", noisy()[:16], out=tmp_path / "run", split=(10, 3, 3), lookback=6, horizon=3, layers=(4,), epochs=1,
        threads=1,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="There are no prediction intervals"):
        assert set(run.predict()) == {"unique_id", "ds", "target", "mean"}


def test_a_value_with_more_than_half_of_the_mass_is_the_median_and_inside_every_interval() -> None:
    rng = np.random.default_rng(5)
    values = 5 + rng.exponential(2, 400) * (rng.uniform(size=400) < 0.2)
    run = train("forecast", values, horizon=2, epochs=2, threads=1, network_weight=0.5)
    table = run.predict(values)
    for percent in INTERVALS:
        assert (table[f"lo-{percent}"] <= 5).all()
        assert (table[f"hi-{percent}"] >= 5).all()
    forecast = run.fitted.task.forecaster(run.model, Calibration.from_json(calibration_of(run)))
    found = forecast.forecast(torch.arange(100, 160)).quantiles
    assert found is not None
    assert (found[LEVELS.index(0.5)] == 5).all()
    assert 0.75 < run.evaluate().scores["coverage_80"] <= 0.95


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_intervals_widen_when_errors_are_larger_than_on_dev(tmp_path: Path, weight: float) -> None:
    values = noisy(1000) * np.where(np.arange(1000) < 800, 1, 1 + np.arange(1000) / 100)  # ten times the noise in test
    settings = SETTINGS | {"split": (600, 200, 200), "horizon": 1, "network_weight": weight, "epochs": 2}
    run = train("forecast", values.astype(np.float32), out=tmp_path / "run", **settings)
    calibrated_only = run.fitted.task.forecaster_for(
        run.model, Calibration.from_json(calibration_of(run)), run.fitted.task.dataset.series
    )
    adaptive = run.fitted.task.forecaster(run.model, Calibration.from_json(calibration_of(run)))
    starts = torch.arange(800, 1000) - adaptive.framing.context
    target = torch.from_numpy(values[800:]).float()[:, None, None]
    coverage = {}
    for name, forecaster in (("fixed", calibrated_only), ("adaptive", adaptive)):
        found = forecaster.forecast(starts).quantiles
        assert found is not None
        inside = (found[LEVELS.index(0.1)] <= target) & (target <= found[LEVELS.index(0.9)])
        coverage[name] = float(inside[20:].float().mean())
    assert coverage["adaptive"] > 0.7
    assert weight == 0.0 or coverage["fixed"] < coverage["adaptive"] - 0.1, coverage


def test_later_values_change_no_earlier_interval(tmp_path: Path) -> None:
    run = make(tmp_path, "point", "direct", network_weight=0.5, epochs=1)
    changed = noisy()
    changed[2000:] += 100
    evaluations = [run.backtest(values) for values in (noisy(), changed)]
    before = [one["ds"] < 2000 for one in evaluations]
    for column in ("mean", "lo-80", "hi-95"):
        first, second = (one[column][rows] for one, rows in zip(evaluations, before, strict=True))
        assert np.array_equal(first, second)
