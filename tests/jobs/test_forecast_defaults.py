"""Defaults of forecast by the length, the season and the number of series."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from narrowing import expect_type

from echoic.api.prepare import prepare
from echoic.config import ForecastSettings
from echoic.forecasting.plan import _DIRECT_STEPS
from echoic.jobs.forecast import ForecastTask


def planned(data: Any, **settings: Any) -> ForecastSettings:
    return expect_type(ForecastTask, prepare("forecast", data, **settings).task).settings


def season(steps: int, length: int = 12) -> np.ndarray:
    """A season with noise."""
    return np.sin(2 * np.pi * np.arange(steps) / length) + 0.1 * np.random.default_rng(0).standard_normal(steps)


def many(steps: int, length: int) -> pd.DataFrame:
    """Six series with a season."""
    values = [season(steps, length) + number for number in range(6)]
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{number}" for number in range(6)], steps),
            "ds": np.tile(pd.date_range("2000-01-01", periods=steps, freq="D"), 6),
            "y": np.concatenate(values),
        }
    )


def test_long_series_train_for_fewer_epochs_than_short_ones() -> None:
    short, long = planned(season(300)), planned(season(8000))
    assert short.train.epochs == 120
    steps = (8000 * 0.6 - 84) * 84 * long.train.epochs
    assert 0.9 * _DIRECT_STEPS < steps < 1.1 * _DIRECT_STEPS
    assert planned(season(60_000)).train.epochs == 10


def test_epochs_of_the_user_hold_for_any_length() -> None:
    assert planned(season(8000), epochs=200).train.epochs == 200


def test_many_series_with_a_long_lookback_are_forecast_by_segments_within_the_horizon() -> None:
    long = planned(many(400, 52), horizon=13).window
    assert (long.strategy, long.lookback, long.segment_steps) == ("segments", 156, 13)
    short = planned(many(200, 5), horizon=6).window
    assert (short.strategy, short.lookback) == ("direct", 35)
    assert planned(many(400, 52), horizon=13, strategy="direct").window.strategy == "direct"
    assert planned(season(400, 52), horizon=13).window.strategy == "direct"


def test_only_many_series_limit_the_windows_of_an_epoch() -> None:
    assert planned(many(100, 5)).window.windows_per_epoch == 200_000
    assert planned(season(100)).window.windows_per_epoch is None
    assert planned(many(100, 5), windows_per_epoch=7).window.windows_per_epoch == 7


@pytest.mark.parametrize(
    ("split", "expected"),
    [((0.6, 0.2, 0.2), False), ((0.8, 0.2, 0), True), ((0.95, 0.05, 0), False), ((1, 0, 0), False)],
)
def test_a_refit_needs_a_good_part_of_the_data_as_dev_and_no_test_split(
    split: tuple[float, ...], *, expected: bool
) -> None:
    assert planned(season(200), split=split).window.refit is expected
