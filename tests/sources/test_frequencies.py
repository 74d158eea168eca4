"""Frequencies of the calendar, inferred, stated and resampled to, as pandas has them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import DataReport, read
from echoic.types import Series

INFERRED = [
    "15min", "h", "6h", "D", "2D", "B", "W-MON", "MS", "ME", "2MS", "BME", "BMS", "QS", "QE", "QS-FEB", "BQE", "SMS",
    "SME", "YS", "YE", "BYE", "s", "250ms",
]  # fmt: skip
STATED = [*INFERRED, "2h", "W", "W-SUN", "W-THU", "3MS", "QE-NOV", "BQS", "YS-APR", "YE-JUN", "BYS", "2W-MON"]
FORMER = {
    "H": "h",
    "T": "min",
    "M": "ME",
    "BM": "BME",
    "Q": "QE",
    "A": "YE",
    "SM": "SME",
    "AS": "YS",
    "1h": "h",
    "1d": "D",
}
RESAMPLED = [
    "15min", "h", "2h", "D", "B", "W-MON", "W", "MS", "ME", "BMS", "BME", "SMS", "SME", "QS", "QE", "QS-FEB", "QE-NOV",
    "YS", "YE", "BQE",
]  # fmt: skip
METHODS = ["mean", "sum", "first", "last", "min", "max", "median", "count"]


def frame_of(times: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame({"t": times, "y": np.arange(len(times), dtype=float)})


def times_of(series: Series, steps: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(series.time.times(np.arange(steps)))


def notes_of(data: Any, **settings: Any) -> tuple[str, ...]:
    report = read(data, TableSettings(time="t", **settings)).report
    assert isinstance(report, DataReport)
    return report.notes


@pytest.mark.parametrize("freq", INFERRED)
def test_the_frequency_of_rows_is_found(freq: str) -> None:
    wanted = pd.date_range("2021-01-01", periods=60, freq=freq)
    (series,) = read(frame_of(wanted[:30]), TableSettings(time="t")).series
    assert (times_of(series, 60) == wanted).all()


@pytest.mark.parametrize("freq", [one for one in INFERRED if one not in ("2D", "6h")])
def test_rows_that_are_missing_are_found_with_any_frequency(freq: str) -> None:
    wanted = pd.date_range("2021-01-01", periods=60, freq=freq)
    kept = np.delete(np.arange(50), [7, 8, 20, 33])
    (series,) = read(frame_of(wanted[kept]), TableSettings(time="t", gaps="mask")).series
    assert (times_of(series, 60) == wanted).all()
    assert np.flatnonzero(np.isnan(series.values[:, 0])).tolist() == [7, 8, 20, 33]


@pytest.mark.parametrize("freq", STATED)
def test_a_stated_frequency_holds_for_two_rows_and_for_one(freq: str) -> None:
    wanted = pd.date_range("2021-03-02", periods=40, freq=freq)
    for rows in (1, 2):
        (series,) = read(frame_of(wanted[:rows]), TableSettings(time="t", freq=freq)).series
        assert (times_of(series, 40) == wanted).all()


@pytest.mark.parametrize("freq", ["D", "B", "W-MON", "MS", "ME", "SMS", "QS"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_a_stated_frequency_follows_the_clocks_of_the_zone(freq: str, zone: str) -> None:
    wanted = pd.date_range("2021-03-02", periods=40, freq=freq, tz=zone)
    (series,) = read(frame_of(wanted[:2]), TableSettings(time="t", freq=freq)).series
    assert (pd.DatetimeIndex(list(series.time.stamps(np.arange(40)))) == wanted).all()


@pytest.mark.parametrize("freq", FORMER)
def test_former_names_are_known(freq: str) -> None:
    wanted = pd.date_range("2021-03-02", periods=9, freq=FORMER[freq])
    (series,) = read(frame_of(wanted[:2]), TableSettings(time="t", freq=freq)).series
    assert (times_of(series, 9) == wanted).all()


def test_former_names_of_ends_are_starts_for_data_at_starts() -> None:
    wanted = pd.date_range("2021-03-01", periods=9, freq="MS")
    (series,) = read(frame_of(wanted[:2]), TableSettings(time="t", freq="M")).series
    assert (times_of(series, 9) == wanted).all()


@pytest.mark.parametrize("freq", ["fortnight", "0h", "-1h", "h2", "W-XYZ", "3SMS", "", "B-MON", "ME-1"])
def test_an_unknown_frequency_is_refused(freq: str) -> None:
    data = frame_of(pd.date_range("2021-01-01", periods=3, freq="D"))
    with pytest.raises(ConfigError, match="`freq` must be an alias of pandas such as 15min"):
        read(data, TableSettings(time="t", freq=freq))


@pytest.mark.parametrize(
    ("freq", "first", "message"),
    [
        ("MS", "2021-01-02", "row 0, column 't': 2021-01-02 is no step of --freq MS; state another one, or combine"),
        ("ME", "2021-01-30", "is no step of --freq ME"),
        ("B", "2021-01-02", "is no step of --freq B"),
        ("W-MON", "2021-01-02", "is no step of --freq W-MON"),
        ("QS-FEB", "2021-01-01", "is no step of --freq QS-FEB"),
        (
            "h",
            "2021-01-02",
            "row 1, column 't': 2021-01-03T00:30 is off the grid of 1 h from 2021-01-02; .* --resample",
        ),
    ],
)
def test_rows_beside_a_stated_frequency_are_refused(freq: str, first: str, message: str) -> None:
    times = pd.DatetimeIndex([pd.Timestamp(first), pd.Timestamp(first) + pd.Timedelta("1D 30min")])
    with pytest.raises(DataError, match=message):
        read(frame_of(times), TableSettings(time="t", freq=freq))


def test_a_gap_beside_a_stated_frequency_is_refused_or_masked() -> None:
    data = frame_of(pd.DatetimeIndex(["2021-01-29", "2021-02-02"]))
    with pytest.raises(DataError, match="1 row of 1 business day is missing"):
        read(data, TableSettings(time="t", freq="B"))
    assert read(data, TableSettings(time="t", freq="B", gaps="mask")).series[0].steps == 3


def irregular(zone: str | None, days: int = 500) -> pd.DataFrame:
    """Rows at random times, some of them without a value, with days without a row."""
    draw = np.random.default_rng(0)
    minutes = np.sort(draw.choice(days * 24 * 60, 900, replace=False))
    minutes = minutes[(minutes // 1440) % 50 > 4]
    times = pd.Timestamp("2020-12-18 05:17", tz="UTC") + pd.to_timedelta(minutes, unit="min")
    values = np.round(draw.normal(size=len(minutes)), 3)
    values[draw.random(len(values)) < 0.1] = np.nan
    return pd.DataFrame({"t": times.tz_convert(zone) if zone else times.tz_localize(None), "y": values})


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize("freq", RESAMPLED)
def test_resampled_rows_are_those_of_pandas(freq: str, zone: str | None) -> None:
    frame = irregular(zone, 40 if freq.endswith(("min", "h")) else 500)
    for method in METHODS if freq in ("D", "h") else ("mean",):
        wanted = frame.set_index("t")["y"].resample(freq).agg(method)
        if method == "sum":  # what is missing stays missing; no row at all is 0
            rows = frame.set_index("t")["y"].resample(freq)
            wanted = wanted.where((rows.count() > 0) | (rows.size() == 0))
        (series,) = read(frame, TableSettings(time="t", freq=freq, resample=method)).series
        np.testing.assert_allclose(series.values[:, 0], wanted.to_numpy(), atol=1e-12, err_msg=method)
        steps = np.arange(len(wanted))
        made = series.time.times(steps) if zone is None else list(series.time.stamps(steps))
        assert (pd.DatetimeIndex(made) == wanted.index).all(), method


def test_what_was_combined_and_filled_is_noted() -> None:
    times = pd.DatetimeIndex(["2021-01-01 00:10", "2021-01-01 00:50", "2021-01-01 03:00", "2021-01-01 03:00"])
    notes = notes_of(frame_of(times), freq="h", resample="mean")
    assert "2 rows were combined with others of the same step." in notes
    assert "2 rows were inserted as missing values to fill gaps in time." in notes
    notes = notes_of(frame_of(times), freq="h", resample="sum")
    assert "2 steps without a row were inserted with a value of 0." in notes


def test_a_sum_is_of_the_targets_alone() -> None:
    times = pd.DatetimeIndex(["2021-01-01 00:10", "2021-01-01 00:50", "2021-01-01 01:00"])
    frame = pd.DataFrame({"t": times, "y": [1.0, 2, 4], "price": [10.0, 20, 30], "plan": [1.0, 3, 5]})
    settings = TableSettings(
        time="t", target="y", past_covariates="price", future_covariates="plan", freq="h", resample="sum"
    )
    (series,) = read(frame, settings).series
    assert series.values[:, 0].tolist() == [3, 4]
    assert series.covariates.past[:, 0].tolist() == [15, 30]
    assert series.covariates.future[:, 0].tolist() == [2, 5]


def test_every_series_is_resampled_on_its_own() -> None:
    frame = pl.DataFrame(
        {
            "unique_id": ["a", "b", "a", "b", "a"],
            "ds": ["2021-01-01 00:10", "2021-01-02 07:00", "2021-01-01 09:00", "2021-01-03 23:59", "2021-01-02 00:00"],
            "y": [1.0, 2, 3, 4, 5],
        }
    )
    first, second = read(frame, TableSettings(freq="D", resample="sum")).series
    assert first.values[:, 0].tolist() == [4, 5]
    assert second.values[:, 0].tolist() == [2, 4]
    assert str(second.time.start) == "2021-01-02T00:00:00.000000"


def test_resampling_requires_a_frequency(read_text: Callable[..., Any]) -> None:
    text = "t,y\n2021-01-01,1\n2021-01-02,2\n"
    with pytest.raises(ConfigError, match=r"`resample` requires .* --freq"):
        read_text(text, time="t", resample="mean")
    with pytest.raises(ConfigError, match=r"`freq` .* without times; name their column with --time"):
        read_text(text, time="none", target="y", freq="D")
    with pytest.raises(DataError, match=r"also in line 2; .* --freq and --resample"):
        read_text("t,y\n2021-01-01,1\n2021-01-01,2\n", time="t")


@pytest.mark.parametrize("missing", [12, 20, 23])
def test_a_missing_future_covariate_leaves_the_end_of_the_targets_where_it_is(missing: int) -> None:
    times = pd.date_range("2024-01-01", periods=48, freq="h")
    plan, values = np.arange(48.0), np.arange(48.0)
    values[24:], plan[24 + missing] = np.nan, np.nan
    frame = pd.DataFrame({"t": times, "y": values, "plan": plan})
    (series,) = read(frame, TableSettings(time="t", target="y", future_covariates="plan")).series
    assert series.steps == 24
    assert len(series.covariates.future) == 48
    frame["seen"] = [*np.ones(30), *np.full(18, np.nan)]
    both = TableSettings(time="t", target="y", future_covariates="plan", past_covariates="seen")
    assert read(frame, both).series[0].steps == 30


@pytest.mark.parametrize(("method", "constant"), [("sum", ()), ("count", ()), ("mean", ("y",))])
def test_constant_columns_are_those_of_the_steps_after_resampling(method: str, constant: tuple[str, ...]) -> None:
    frame = irregular(None, 40).assign(y=1.0)
    assert read(frame, TableSettings(time="t", freq="h", resample=method)).report.to_json()["constant"] == constant
