"""Forecasts with inputs from the calendar: what is chosen by default, and that every use has the right dates."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from narrowing import expect_type

import echoic
from echoic.api.prepare import prepare
from echoic.api.summaries import run_info
from echoic.config import CalendarSettings, ForecastSettings
from echoic.errors import ConfigError, DataError
from echoic.forecasting.calendar import calendar_columns
from echoic.forecasting.holidays import holiday_flags
from echoic.jobs.forecast import ForecastTask
from echoic.jobs.forecast.charts import charts

STEPS = 700
SHORT: dict[str, Any] = {"time": "ds", "lookback": 3, "horizon": 2, "season": "none", "threads": 1}
"""A look-back that shows no week."""
TRAINED: dict[str, Any] = SHORT | {
    "strategy": "direct", "layers": (16,), "epochs": 20, "lr": 0.01, "residual_baseline": "none", "network_weight": 1,
}  # fmt: skip


def days(steps: int = STEPS, first: str = "2021-01-04") -> Any:
    return np.datetime64(first) + np.arange(steps)  # the default is a Monday


def table(dates: Any, values: Any) -> pl.DataFrame:
    return pl.DataFrame({"ds": dates.astype("M8[us]"), "y": np.round(values, 4)})


def is_sunday(dates: Any) -> Any:
    return ((dates.astype("datetime64[D]").astype(int) + 3) % 7 == 6).astype(float)


def sundays(steps: int = STEPS, first: str = "2021-01-04", noise: float = 0.02) -> pl.DataFrame:
    """0, but 1 on Sundays: three days before one look like any three days."""
    dates = days(steps, first)
    return table(dates, is_sunday(dates) + np.random.default_rng(0).normal(0, noise, steps))


def task_of(data: Any, **settings: Any) -> ForecastTask:
    return expect_type(ForecastTask, prepare("forecast", data, **settings).task)


def fields(data: Any, **settings: Any) -> Any:
    return task_of(data, **settings).settings.calendar.calendar


def noise(steps: int = STEPS) -> Any:
    return np.random.default_rng(1).normal(0, 1, steps)


def test_default_takes_the_weekday_where_the_lookback_does_not_show_it() -> None:
    task = task_of(sundays(), **SHORT)
    assert task.settings.calendar.calendar == ("weekday",)
    (note,) = (one for one in task.data_report()["notes"] if "calendar" in one)
    assert re.fullmatch(r"Inputs from the calendar: weekday \([\d.]+% off the error of a linear forecast .*\)\.", note)


def test_holidays_beside_the_default_are_named_too() -> None:
    notes = task_of(sundays(), **SHORT | {"holidays": "DE"}).data_report()["notes"]
    assert any("calendar: weekday" in one and one.endswith("Public holidays of DE are an input.") for one in notes)


def test_default_takes_the_hour_of_hourly_data() -> None:
    hours = np.datetime64("2021-01-04T00", "h") + np.arange(STEPS)
    assert fields(table(hours, (np.arange(STEPS) % 24 == 9) + 0.1 * noise()), **SHORT) == ("hour",)


def test_default_takes_the_month_of_monthly_data() -> None:
    months = (np.datetime64("1960-01", "M") + np.arange(480)).astype("datetime64[D]")
    assert fields(table(months, (np.arange(480) % 12 == 6) + 0.1 * noise(480)), **SHORT) == ("month",)


def test_default_takes_nothing_that_the_lookback_shows() -> None:
    task = task_of(sundays(), **SHORT | {"lookback": 14})
    assert task.settings.calendar.calendar == ()
    assert any("No inputs from the calendar: weekday" in one for one in task.data_report()["notes"])


@pytest.mark.parametrize("seed", range(5))
def test_default_takes_nothing_for_noise(seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, 1, STEPS)
    assert fields(table(days(), values), **SHORT) == ()


def test_default_takes_no_field_of_which_train_has_less_than_two_periods() -> None:
    dates = days(18)
    assert fields(table(dates, is_sunday(dates)), **SHORT) == ()


def stores(effect: float, common: float, seed: int = 0) -> pl.DataFrame:
    """30 series of 200 days with a Sunday of their own height each, and shocks that all have in common."""
    dates, draw = days(200), np.random.default_rng(seed)
    shared = common * draw.normal(0, 1, 200)
    tables = [
        table(dates, effect * is_sunday(dates) + shared + 0.1 * draw.normal(0, 1, 200)).with_columns(
            pl.lit(f"store {number}").alias("unique_id")
        )
        for number in range(30)
    ]
    return pl.concat(tables)


def test_many_series_whose_dev_is_one_horizon_are_judged_by_the_end_of_train_too() -> None:
    assert fields(stores(1.0, 0.1), **SHORT) == ("weekday",)


@pytest.mark.parametrize("seed", range(4))
def test_series_that_share_their_shocks_do_not_count_as_many(seed: int) -> None:
    assert fields(stores(0.0, 1.0, seed), **SHORT) == ()


def test_default_leaves_the_inputs_of_a_live_network_alone() -> None:
    assert fields(sundays(), **SHORT, strategy="recursive") == ()


def test_default_without_timestamps_says_nothing() -> None:
    task = task_of(sundays()["y"].to_numpy(), **SHORT | {"time": None})
    assert task.settings.calendar == CalendarSettings(calendar=())
    assert not any("calendar" in one for one in task.data_report()["notes"])


@pytest.mark.parametrize("given", [{"calendar": "weekday"}, {"holidays": "DE"}])
def test_a_calendar_that_is_set_without_timestamps_is_a_note(given: Any) -> None:
    task = task_of(sundays()["y"].to_numpy(), **SHORT | {"time": None} | given)
    assert task.settings.calendar == CalendarSettings(calendar=())
    assert any("Without timestamps there is no calendar" in one for one in task.data_report()["notes"])


@pytest.mark.parametrize("strategy", ["direct", "segments"])
def test_inputs_of_the_horizon_are_those_of_its_timestamps(strategy: str) -> None:
    gapped = pl.concat([sundays()[:100], sundays()[102:]])
    settings = SHORT | {"calendar": "weekday,month", "strategy": strategy, "gaps": "mask"}
    task = task_of(gapped, **settings)
    starts = torch.tensor([0, 98, 300, STEPS - 3])  # the horizon of the last one lies after the data
    window = task.framing.window(starts)
    assert window.ahead is not None
    targets = days()[0] + (starts.numpy()[:, None] + 3 + np.arange(2))
    expected = calendar_columns(targets.reshape(-1).astype("M8[us]"), task.settings.calendar).reshape(4, 2, 4)
    scaler = task.codec.future
    scaled = (expected - scaler.center.numpy()) / scaler.scale.numpy()
    np.testing.assert_allclose(window.ahead.numpy(), scaled, atol=1e-5)
    seen = days()[0] + (starts.numpy()[:, None] + np.arange(3))
    expected = calendar_columns(seen.reshape(-1).astype("M8[us]"), task.settings.calendar).reshape(4, 3, 4)
    scaled = (expected - scaler.center.numpy()) / scaler.scale.numpy()
    np.testing.assert_allclose(window.inputs.numpy()[..., -4:], scaled, atol=1e-5)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> echoic.Run:
    folder = tmp_path_factory.mktemp("calendar")
    sundays().write_csv(folder / "sundays.csv")
    return echoic.train("forecast", folder / "sundays.csv", out=folder / "run", **TRAINED)


@pytest.mark.slow
def test_a_network_with_the_weekday_forecasts_what_none_without_can(run: echoic.Run, tmp_path: Path) -> None:
    blind = echoic.train("forecast", sundays(), out=tmp_path / "blind", calendar="none", **TRAINED)
    assert run.evaluate().scores["mse"] < 0.1 * blind.evaluate().scores["mse"]


@pytest.mark.slow
def test_the_folder_alone_forecasts_the_days_after_new_data(run: echoic.Run) -> None:
    loaded = echoic.load(run.path)
    assert expect_type(ForecastSettings, loaded.settings).calendar.calendar == ("weekday",)
    assert loaded.predict()["mean"].tolist() == run.predict()["mean"].tolist()
    for first in ("2026-03-02", "2026-03-05"):  # a Monday and a Thursday
        tables = [loaded.predict(sundays(steps, first)) for steps in range(3, 10)]
        dates, means = (np.concatenate([one[name] for one in tables]) for name in ("ds", "mean"))
        np.testing.assert_array_equal(means > 0.5, is_sunday(dates) == 1)


@pytest.mark.slow
def test_continuations_follow_the_week_beyond_a_horizon(run: echoic.Run) -> None:
    (made,) = run.generate(29)
    np.testing.assert_array_equal(made.values[:, 0] > 0.5, is_sunday(made.time.times(np.arange(29))) == 1)


@pytest.mark.slow
def test_new_data_without_timestamps_are_refused(run: echoic.Run) -> None:
    with pytest.raises(DataError, match="the array has no timestamps, which the inputs weekday sine"):
        run.predict(sundays()["y"].to_numpy())


@pytest.mark.slow
def test_the_report_draws_the_days_after_the_data(run: echoic.Run) -> None:
    drawn = {chart.key: chart for chart in charts(run.fitted, run.metrics(), None)}
    (forecast,) = (line for line in drawn["future"].lines if line.name == "forecast")
    np.testing.assert_allclose(forecast.y[-2:], run.predict()["mean"], atol=1e-5)


@pytest.mark.slow
def test_info_and_the_record_of_training_name_the_inputs(run: echoic.Run) -> None:
    notes = run_info(run.folder)["data"]["report"]["notes"]
    assert any(one.startswith("Inputs from the calendar: weekday") for one in notes)


@pytest.mark.slow
def test_holidays_are_forecast(tmp_path: Path) -> None:
    dates = days(1500)
    holidays = holiday_flags(dates.astype("M8[us]"), "DE")
    settings = TRAINED | {"holidays": "DE", "calendar": "none", "horizon": 1, "split": (1000, 200, 300)}
    run = echoic.train("forecast", table(dates, holidays + 0.02 * noise(1500)), out=tmp_path / "run", **settings)
    before = [table(days(steps, "2029-12-20"), np.zeros(steps)) for steps in (3, 4, 5)]
    means = [float(run.predict(one)["mean"][0]) for one in before]  # of 23, 24 and 25 December
    assert means[2] > max(means[:2]) + 0.5


@pytest.mark.parametrize("strategy", ["direct", "segments"])
def test_independent_channels_have_the_calendar_each(strategy: str) -> None:
    two = sundays(200).with_columns(z=-pl.col("y"))
    settings = SHORT | {"calendar": "weekday", "channels": "independent", "strategy": strategy, "lookback": 4}
    task = task_of(two, **settings)
    window = task.framing.window(torch.tensor([0, 5, 9]))
    assert window.ahead is not None
    assert window.ahead.shape == (6, 2, 2)
    alone = task_of(sundays(200), **settings | {"channels": None}).framing.window(torch.tensor([0, 5, 9]))
    assert alone.ahead is not None
    torch.testing.assert_close(window.ahead, alone.ahead.repeat_interleave(2, 0))


@pytest.mark.parametrize("strategy", ["recursive", "segments"])
def test_other_strategies_take_the_calendar_too(strategy: str, tmp_path: Path) -> None:
    settings = SHORT | {"strategy": strategy, "calendar": "weekday", "layers": (4,), "epochs": 1, "lookback": 4}
    run = echoic.train("forecast", sundays(200), out=tmp_path / "run", **settings)
    assert np.isfinite(run.predict()["mean"]).all()
    (made,) = run.generate(9)
    assert np.isfinite(made.values).all()
    if strategy == "recursive":
        with pytest.raises(ConfigError, match="stream of values has no timestamps"):
            run.stream()
