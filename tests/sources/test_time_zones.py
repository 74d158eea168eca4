"""Times with a zone: the same ones as those of pandas, read from and carried on in every form, across both changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.types import Series

ZONES = {
    "Europe/Berlin": ("2024-03-29", "2024-10-25"),
    "America/New_York": ("2024-03-08", "2024-11-01"),
    "Australia/Lord_Howe": ("2024-10-04", "2024-04-05"),
    "Asia/Kolkata": ("2024-03-29", "2024-10-25"),
}
"""The days before clocks are put forward and back, by half an hour on Lord Howe, never in India."""

FREQUENCIES = {"h": 120, "30min": 240, "D": 9, "B": 7, "MS": 9, "W-MON": 30}
CASES = [
    *((form, zone, freq) for form in ("naive.csv", "polars") for zone in ZONES for freq in FREQUENCIES),
    *((form, zone, freq) for form in ("aware.csv", "pandas") for zone in ZONES for freq in ("h", "D")),
    *(("pandas index", zone, "D") for zone in ZONES),
    *(("aware.parquet", "America/New_York", freq) for freq in ("h", "D")),
]
AHEAD = 60


def times_of(zone: str, freq: str, change: int) -> pd.DatetimeIndex:
    return pd.date_range(ZONES[zone][change], periods=FREQUENCIES[freq] + AHEAD, freq=freq, tz=zone)


def given(form: str, times: pd.DatetimeIndex, folder: Path) -> tuple[Any, TableSettings]:
    zone = str(times.tz)
    naive = form.startswith("naive")
    frame = pd.DataFrame({"t": times.tz_localize(None) if naive else times, "y": np.arange(len(times), dtype=float)})
    settings = TableSettings(time="t", time_zone=zone if "/" in zone and form.endswith(".csv") else None)
    if form.endswith(".csv"):
        frame.to_csv(folder / form, index=False)
    elif form.endswith(".parquet"):
        frame.to_parquet(folder / form, index=False)
    elif form == "pandas index":
        return frame.set_index("t"), TableSettings()
    else:
        return (pl.from_pandas(frame) if form == "polars" else frame), settings
    return folder / form, settings


def stamps(series: Series, steps: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(list(series.time.stamps(np.arange(steps))))


@pytest.mark.parametrize("change", [0, 1], ids=["spring", "autumn"])
@pytest.mark.parametrize(("form", "zone", "freq"), CASES)
def test_times_come_back_and_go_on_as_those_of_pandas(
    tmp_path: Path, form: str, zone: str, freq: str, change: int
) -> None:
    wanted = times_of(zone, freq, change)
    data, settings = given(form, wanted[: FREQUENCIES[freq]], tmp_path)
    dataset = read(data, settings)
    (series,) = dataset.series
    assert series.values[:, 0].tolist() == list(range(FREQUENCIES[freq]))
    got = stamps(series, len(wanted))
    assert (got == wanted).all()
    assert str(got.tz) == zone
    local = series.time.local_times(np.arange(len(wanted)))
    np.testing.assert_array_equal(local, wanted.tz_localize(None).to_numpy().astype("datetime64[us]"))
    assert dataset.report.to_json()["zones"] == (zone,)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_offsets_that_change_are_times_that_pass(tmp_path: Path, zone: str) -> None:
    """Without a name no one knows when clocks will change: forecasts keep the last offset."""
    wanted = times_of(zone, "h", 1)
    path, _ = given("aware.csv", wanted[:120], tmp_path)
    got = stamps(read(path, TableSettings(time="t")).series[0], 180)
    assert (got == wanted).all()
    assert got[-1].utcoffset() == wanted[119].utcoffset()


def test_days_of_changing_offsets_need_the_name_of_the_zone(tmp_path: Path) -> None:
    path, named = given("aware.csv", times_of("Europe/Berlin", "D", 1)[:9], tmp_path)
    with pytest.raises(DataError, match=r"off the grid of 1 d .*, or name the zone of days with --time-zone"):
        read(path, TableSettings(time="t"))
    assert read(path, named).series[0].steps == 9


@pytest.mark.parametrize("offset", ["+02:00", "-03:30", "+00:00"])
@pytest.mark.parametrize("form", ["aware.csv", "pandas"])
def test_a_fixed_offset_stays(tmp_path: Path, offset: str, form: str) -> None:
    wanted = pd.date_range(f"2024-01-01T00:00{offset}", periods=30, freq="h")
    data, _ = given(form, wanted[:10], tmp_path)
    got = stamps(read(data, TableSettings(time="t")).series[0], 30)
    assert (got == wanted).all()
    assert got[0].utcoffset() == wanted[0].utcoffset()


def read_text(folder: Path, cells: list[str], **settings: Any) -> Any:
    (folder / "table.csv").write_text("t,y\n" + "".join(f"{cell},{row}\n" for row, cell in enumerate(cells)))
    return read(folder / "table.csv", TableSettings(time="t", **settings))


def test_a_repeated_hour_without_a_zone_names_the_remedy(tmp_path: Path) -> None:
    hours = ["2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 03:00"]
    with pytest.raises(DataError, match=r"line 4, .*is also in line 3; .*, or name the zone .* with --time-zone"):
        read_text(tmp_path, hours)
    assert read_text(tmp_path, hours, time_zone="Europe/Berlin").series[0].steps == 4
    quarters = [f"2024-10-27 02:{minute}" for minute in ("15", "45", "15", "45")]
    with pytest.raises(DataError, match=r"02:15 is earlier than the row before it; .* --time-zone"):
        read_text(tmp_path, quarters)
    assert read_text(tmp_path, quarters, time_zone="Europe/Berlin").series[0].steps == 4


def test_a_missing_hour_without_a_zone_names_the_remedy(tmp_path: Path) -> None:
    hours = ["2024-03-31 00:00", "2024-03-31 01:00", "2024-03-31 03:00", "2024-03-31 04:00"]
    with pytest.raises(DataError, match=r"1 row of 1 h is missing .*--gaps mask .*, or name the zone .*--time-zone"):
        read_text(tmp_path, hours)
    assert read_text(tmp_path, hours, time_zone="Europe/Berlin").series[0].steps == 4


def test_an_hour_that_clocks_skip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 3, column 't': clocks in Europe/Berlin skip this time"):
        read_text(tmp_path, ["2024-03-31 01:00", "2024-03-31 02:00"], time_zone="Europe/Berlin")


def test_one_of_the_two_hours_may_be_missing(tmp_path: Path) -> None:
    """A single row is the first of the two hours, unless the row before it is later."""
    first = ["2024-10-27 00:00", "2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 03:00"]
    (series,) = read_text(tmp_path, first, time_zone="Europe/Berlin", gaps="mask").series
    np.testing.assert_array_equal(series.values[:, 0], [0, 1, 2, np.nan, 3])
    halves = ["2024-10-27 02:30", "2024-10-27 02:00", "2024-10-27 02:30", "2024-10-27 03:00"]
    (series,) = read_text(tmp_path, halves, time_zone="Europe/Berlin").series
    assert series.steps == 4


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_sorting_finds_both_of_the_repeated_hours(tmp_path: Path, zone: str) -> None:
    wanted = times_of(zone, "30min", 1)[:240]
    cells = [str(time) for time in wanted.tz_localize(None)]
    order = [*range(120, 240), *range(120)]
    (series,) = read_text(tmp_path, [cells[row] for row in order], time_zone=zone, sort=True).series
    assert (stamps(series, 240) == wanted).all()


def test_every_series_of_a_long_table_has_its_own_repeated_hour(tmp_path: Path) -> None:
    wanted = times_of("Europe/Berlin", "h", 1)[:120]
    frame = pd.concat(pd.DataFrame({"unique_id": name, "ds": wanted, "y": 1.0}) for name in "ab")
    frame["ds"] = frame["ds"].dt.tz_localize(None)
    frame.to_csv(tmp_path / "long.csv", index=False)
    dataset = read(tmp_path / "long.csv", TableSettings(time_zone="Europe/Berlin"))
    assert [one.name for one in dataset.series] == ["a", "b"]
    assert all((stamps(one, 120) == wanted).all() for one in dataset.series)


def test_six_hours_from_midnight_on_may_be_those_of_clocks(tmp_path: Path) -> None:
    wanted = pd.date_range("2024-10-20", periods=80, freq="6h").tz_localize("Europe/Berlin")
    path, settings = given("naive.csv", wanted[:50], tmp_path)
    assert (stamps(read(path, settings).series[0], 80) == wanted).all()


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        ("Europe/Berlim", "must be a time zone such as Europe/Berlin, or an offset such as"),
        ("nowhere at all", "must be a time zone"),
        ("+2", "must be a time zone"),
    ],
)
def test_an_unknown_zone_is_refused(zone: str, message: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=message):
        TableSettings(time_zone=zone)
