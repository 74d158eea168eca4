"""Forecasts of counts, demand and rain are not negative."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import echoic
from echoic.errors import ConfigError
from echoic.forecasting.bounds import nonnegative_targets
from echoic.types import Series
from echoic.windows import Panel, Ranges

QUICK: dict[str, Any] = {"epochs": 1, "layers": (4,), "horizon": 6, "time": "none"}


def demand(steps: int = 300, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.where(generator.random(steps) < 0.25, generator.poisson(4, steps), 0)


def chosen(*columns: np.ndarray) -> tuple[str, ...]:
    values = np.stack(columns, 1).astype(np.float32)
    panel = Panel.from_series([Series("a", values, tuple(f"y{number}" for number in range(len(columns))))])
    return nonnegative_targets(panel, Ranges(torch.tensor([0]), torch.tensor([200])))


def test_targets_that_are_often_0_and_never_negative_are_bounded() -> None:
    assert chosen(demand()) == ("y0",)
    assert chosen(np.where(demand() > 2, 0.7, 0)) == ("y0",)


def test_other_targets_are_not() -> None:
    steps = np.arange(300)
    celsius = np.maximum(np.round(np.random.default_rng(0).normal(12, 4, 300)), 0)
    celsius[50] = 0
    near = 1e-3 + np.abs(np.sin(steps))
    assert chosen(celsius, near, np.zeros(300), 1 - demand(), np.full(300, np.nan), demand() + 5) == ()


def test_only_the_train_split_counts() -> None:
    values = demand()
    values[250] = -3
    assert chosen(values) == ("y0",)


def test_no_number_of_a_forecast_is_negative(tmp_path: Path) -> None:
    values = demand()
    run = echoic.train("forecast", values, out=tmp_path / "run", **QUICK)
    table = run.predict(values)
    bounds = [table[name] for name in ("mean", "lo-80", "hi-80", "lo-95", "hi-95")]
    assert np.min(bounds) == 0
    notes = run.folder.read_config()["data"]["report"]["notes"]
    assert "Forecasts and intervals of y are not below 0 (--nonnegative none lets them be)." in notes


def test_the_forecast_of_mostly_zeros_is_exactly_0(tmp_path: Path) -> None:
    run = echoic.train("forecast", demand(700, seed=1), out=tmp_path / "run", network_weight=0.0, **QUICK)
    assert np.array_equal(np.unique(run.predict(demand(700, seed=1))["mean"]), [0.0])


def test_a_bound_can_be_lifted_and_set(tmp_path: Path) -> None:
    values = demand()
    free = echoic.train("forecast", values, out=tmp_path / "free", nonnegative="none", **QUICK)
    assert np.min(free.predict(values)["lo-95"]) < 0
    wave = np.sin(np.arange(300) / 5)
    bounded = echoic.train("forecast", wave, out=tmp_path / "wave", nonnegative=("y",), **QUICK)
    assert np.min(bounded.predict(wave)["mean"]) >= 0


def test_a_bound_on_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`nonnegative` must name targets, got 'sales'; there are"):
        echoic.train("forecast", demand(), out=tmp_path / "run", nonnegative=("sales",), **QUICK)
