"""New rows of series whose rows were combined: the joined series is that of all rows at once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import echoic
from echoic.config.table import TableSettings
from echoic.jobs.forecast.joining import JoinedSeries
from echoic.run.series import read_series, write_series
from echoic.sources import read
from echoic.sources.rebinned import last_rows
from echoic.types import Series

ROWS = 400


def visits(freq_min: int, zone: str | None = None) -> pd.DataFrame:
    """Rows at random times, some of them equal, `freq_min` minutes apart on average, with a value and a price."""
    draws = np.random.default_rng(0)
    minutes = np.sort(draws.integers(0, ROWS * freq_min, ROWS))
    times = pd.Timestamp("2024-03-28 07:40") + pd.to_timedelta(minutes, unit="min")
    values, prices = draws.normal(size=(2, ROWS)).round(3)
    zoned = times if zone is None else times.tz_localize("UTC").tz_convert(zone)
    return pd.DataFrame({"time": zoned, "y": values, "price": prices})


def of_rows(table: pd.DataFrame, settings: TableSettings) -> Series:
    return read(table, settings).series[0]


def kept(one: Series, settings: TableSettings, path: Path) -> Series:
    """The series as the run folder has it."""
    write_series(path, [replace(one, rows=last_rows(one, settings))])
    return read_series(path)[0]


@pytest.mark.parametrize(
    ("freq", "freq_min", "zone", "method"),
    [
        *(("h", 25, None, method) for method in ("mean", "sum", "first", "last", "min", "max", "median", "count")),
        ("7h", 100, None, "mean"),
        ("h", 25, "Europe/Berlin", "median"),
        ("D", 300, None, "sum"),
        ("D", 300, "Europe/Berlin", "count"),
        ("B", 700, None, "max"),
        ("W-TUE", 2_000, None, "mean"),
        ("ME", 9_000, None, "last"),
    ],
)
def test_new_rows_within_the_last_step_of_the_run_are_combined_with_its_own(
    tmp_path: Path, freq: str, freq_min: int, zone: str | None, method: str
) -> None:
    table = visits(freq_min, zone)
    settings = TableSettings.model_validate(
        {"time": "time", "target": ("y",), "past_covariates": ("price",), "freq": freq, "resample": method}
    )
    own = kept(of_rows(table[:300], settings), settings, tmp_path / "series.safetensors")
    for first in (300, 299, 297, 250):
        new = table[first:]
        if (table["time"][:first] == new["time"].iloc[0]).any():
            continue  # of equal times it cannot be known which rows are new
        expected = of_rows(table, settings)
        (joined,) = JoinedSeries.of([own], [of_rows(new, settings)], settings).series
        np.testing.assert_allclose(joined.values, expected.values, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(joined.covariates.past, expected.covariates.past, rtol=1e-9, atol=1e-9)
        steps = np.arange(expected.steps)
        assert joined.time.times(steps).tolist() == expected.time.times(steps).tolist()


def test_forecasts_from_new_rows_are_those_from_all_rows(tmp_path: Path) -> None:
    table = visits(25)
    echoic.train(
        "forecast", table[:300], target=("y",), freq="h", resample="sum", lookback=12, horizon=3, layers=(4,),
        epochs=1, threads=1, out=tmp_path / "run",
    )  # fmt: skip
    run = echoic.load(tmp_path / "run")
    new, whole = run.predict(table[300:]), run.predict(table)
    assert {name: column.tolist() for name, column in new.items()} == {
        name: column.tolist() for name, column in whole.items()
    }
