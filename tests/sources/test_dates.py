from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from echoic.errors import ConfigError, DataError
from echoic.sources import Dataset


def times_of(dataset: Dataset) -> list[str]:
    series = dataset.series[0]
    return [str(time) for time in series.time.times(np.arange(series.steps)).astype("datetime64[s]")]


def column(*cells: str) -> str:
    return "t,y\n" + "".join(f"{cell},{number}\n" for number, cell in enumerate(cells))


@pytest.mark.parametrize(
    ("cells", "expected", "frequency"),
    [
        (("2024-01-31", "2024-02-01"), ("2024-01-31T00:00:00", "2024-02-01T00:00:00"), "1 d"),
        (("2024/01/31", "2024/02/01"), ("2024-01-31T00:00:00", "2024-02-01T00:00:00"), "1 d"),
        (("2024-01-01 10:00", "2024-01-01T11:00"), ("2024-01-01T10:00:00", "2024-01-01T11:00:00"), "1 h"),
        (("2024-01-01T10:00:00.25", "2024-01-01T10:00:00.75"), None, "500 ms"),
        (("2024-01", "2024-02", "2024-03"), ("2024-01-01T00:00:00", "2024-02-01T00:00:00", None), "1 month"),
        (("202311", "202312", "202401"), ("2023-11-01T00:00:00", "2023-12-01T00:00:00", None), "1 month"),
        (("2024-1-9", "2024-1-10"), ("2024-01-09T00:00:00", "2024-01-10T00:00:00"), "1 d"),
        (("20240228", "20240229"), ("2024-02-28T00:00:00", "2024-02-29T00:00:00"), "1 d"),
    ],
)
def test_dates_are_read(
    read_text: Callable[..., Any], cells: tuple[str, ...], expected: tuple[str | None, ...] | None, frequency: str
) -> None:
    dataset = read_text(column(*cells), time="t")
    assert str(dataset.series[0].time.frequency) == frequency
    for got, want in zip(times_of(dataset), expected or (), strict=bool(expected)):
        assert want in (None, got)


@pytest.mark.parametrize(
    ("cells", "start", "count"),
    [
        (("1000", "1001", "1002"), 1000, 1),
        (("0", "5", "10"), 0, 5),
        (("-3", "-1", "+1"), -3, 2),
        (("1950", "1951"), 1950, 1),
        (("1000.0", "2000.0"), 1000, 1000),
        (("7",), 7, 1),
    ],
)
def test_whole_numbers_are_numbers_of_steps(
    read_text: Callable[..., Any], cells: tuple[str, ...], start: int, count: int
) -> None:
    (series,) = read_text(column(*cells), time="t").series
    assert (series.time.start, series.time.has_dates) == (start, False)
    ahead = series.time.times(series.steps + np.arange(2))
    assert ahead.tolist() == [int(float(cells[-1])) + count * step for step in (1, 2)]


def test_years_are_dates_if_the_format_says_so(read_text: Callable[..., Any]) -> None:
    dataset = read_text(column("1999", "2000"), time="t", date_format="%Y")
    assert times_of(dataset) == ["1999-01-01T00:00:00", "2000-01-01T00:00:00"]
    assert str(dataset.series[0].time.frequency) == "12 months"


def test_a_gap_in_whole_numbers_is_refused_or_masked(read_text: Callable[..., Any]) -> None:
    cells = column("10", "20", "50", "60")
    with pytest.raises(DataError, match=r"line 4, .*: 2 rows of 10 steps are missing between 20 and 50; pass --gaps"):
        read_text(cells, time="t")
    assert read_text(cells, time="t", gaps="mask").series[0].steps == 6
    with pytest.raises(ConfigError, match="`time_zone` has no effect on whole numbers"):
        read_text(cells, time="t", gaps="mask", time_zone="UTC")
    with pytest.raises(ConfigError, match="`freq` has no effect on whole numbers"):
        read_text(cells, time="t", gaps="mask", freq="h")


@pytest.mark.parametrize(
    ("unit", "cells"),
    [
        ("s", ("1700000000", "1700000060.5")),
        ("ms", ("1700000000000", "1700000060500")),
        ("ns", ("1700000000000000000", "1700000060500000000")),
    ],
)
def test_numbers_since_1970_are_times_of_utc(read_text: Callable[..., Any], unit: str, cells: tuple[str, ...]) -> None:
    (series,) = read_text(column(*cells), time="t", date_format=unit).series
    assert series.time.zone == "UTC"
    wanted = np.array(["2023-11-14T22:13:20", "2023-11-14T22:14:20.5"], "datetime64[us]")
    np.testing.assert_array_equal(series.time.times(np.arange(2)), wanted)


@pytest.mark.parametrize(
    ("cells", "days", "frequency"),
    [
        (("1995Q3", "1995Q4", "1996Q1"), ("1995-07-01", "1995-10-01", "1996-01-01"), "3 months"),
        (("1995-Q4", "1996-q1"), ("1995-10-01", "1996-01-01"), "3 months"),
        (("Q4 1995", "Q1 1996"), ("1995-10-01", "1996-01-01"), "3 months"),
        (("1995M11", "1995M12", "1996M1"), ("1995-11-01", "1995-12-01", "1996-01-01"), "1 month"),
        (("1995-11", "1995-12"), ("1995-11-01", "1995-12-01"), "1 month"),
        (("11/1995", "12/1995"), ("1995-11-01", "1995-12-01"), "1 month"),
        (("Nov 1995", "December 1995", "jan 1996"), ("1995-11-01", "1995-12-01", "1996-01-01"), "1 month"),
        (("Jan-1-1995", "Jan-2-1995"), ("1995-01-01", "1995-01-02"), "1 d"),
        (("31-Jan-1995", "01-Feb-1995"), ("1995-01-31", "1995-02-01"), "1 d"),
        (("January 31, 1995", "February 1, 1995"), ("1995-01-31", "1995-02-01"), "1 d"),
        (("Tue Jan 31 1995", "Wed Feb 01 1995"), ("1995-01-31", "1995-02-01"), "1 d"),
        (("1995-Jan-31", "1995-Feb-01"), ("1995-01-31", "1995-02-01"), "1 d"),
        (("1995-Nov", "1995-Dec"), ("1995-11-01", "1995-12-01"), "1 month"),
        (("2020-W53", "2021-W01", "2021-W02"), ("2020-12-28", "2021-01-04", "2021-01-11"), "7 d"),
        (("2024-01-01/2024-01-07", "2024-01-08/2024-01-14"), ("2024-01-01", "2024-01-08"), "7 d"),
    ],
)
def test_quarters_months_and_weeks_begin_with_their_first_day(
    read_text: Callable[..., Any], cells: tuple[str, ...], days: tuple[str, ...], frequency: str
) -> None:
    dataset = read_text(column(*(f'"{cell}"' for cell in cells)), time="t")
    assert times_of(dataset) == [f"{day}T00:00:00" for day in days]
    assert str(dataset.series[0].time.frequency) == frequency


def test_days_with_named_months_may_have_a_clock(read_text: Callable[..., Any]) -> None:
    dataset = read_text(column("31-Jan-1995 23:30:00", "01-Feb-1995 00:00:00"), time="t")
    assert times_of(dataset) == ["1995-01-31T23:30:00", "1995-02-01T00:00:00"]


@pytest.mark.parametrize("cell", ["31-Feb-1995", "31-Foo-1995", "1-Jan-95"])
def test_days_that_are_in_no_calendar_are_refused(read_text: Callable[..., Any], cell: str) -> None:
    with pytest.raises(DataError, match=f"'{cell}' is not a date"):
        read_text(column("30-Jan-1995", cell), time="t")


def test_offsets_are_converted_to_utc_and_noted(read_text: Callable[..., Any]) -> None:
    dataset = read_text(column("2024-01-01T00:00Z", "2024-01-01T02:00+01:00", "2024-01-01T00:30:00-0130"), time="t")
    assert times_of(dataset) == ["2024-01-01T00:00:00", "2024-01-01T01:00:00", "2024-01-01T02:00:00"]
    assert dataset.report.zones == ("-01:30",)
    assert "Time zone: -01:30." in dataset.report.notes


def test_date_format_is_followed(read_text: Callable[..., Any]) -> None:
    dataset = read_text(column("01/02/2024", "02/02/2024"), time="t", date_format="%d/%m/%Y")
    assert times_of(dataset) == ["2024-02-01T00:00:00", "2024-02-02T00:00:00"]
    dataset = read_text(column("1.2024", "2.2024"), time="t", date_format="%m.%Y")
    assert str(dataset.series[0].time.frequency) == "1 month"
    dataset = read_text(column("2024-1 0 +0100", "2024-1 2 +0200"), time="t", date_format="%Y-%d %H %z")
    assert dataset.report.zones == ("+02:00",)
    with pytest.raises(DataError, match="line 2, column 't': '2024' does not have the form '%d/%m/%Y'"):
        read_text(column("2024"), time="t", date_format="%d/%m/%Y")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("01/02/2024", "13/02/2024"), "line 2, .* is ambiguous, .* --date-format"),
        (("01.02.2024",), r"is ambiguous, .* --date-format, such as %d\.%m\.%Y\."),
        (("01/02/24 10:30:00", "02/13/24 10:30:00"), 'such as "%m/%d/%y %H:%M:%S"'),
        (("01-02-2024T10:30", "13-02-2024T10:30"), 'such as "%d-%m-%YT%H:%M"'),
        (("2024-01-01", "01-02-24"), "line 3, .* is ambiguous"),
        (("1700000000", "1700003600"), "since 1970; pass --date-format s"),
        (("1995Q4", "1996Q5"), "line 3, column 't': '1996Q5' is not a date of the form above it"),
        (("1995-12", "1995-13"), "line 3, column 't': '1995-13' is not a date of the form above it"),
        (("1.5", "2.5"), "'1.5' is not a date; write it as .* or as a whole number"),
        (("1700000000000",), "since 1970"),
        (("2024-01-01", "2024-01-02T00:00Z"), "line 3, .* mixes times with and without an offset"),
        (("2024-01-01", "2024-02-30"), "line 3, column 't': '2024-02-30' is not a date of the form above it"),
        (("2024-01-01", "2024-01"), "line 3, .* is not a date of the form above"),
        (("yesterday",), "line 2, column 't': 'yesterday' is not a date; write it as"),
        (("2024-01-01", ""), "line 3, column 't': the time is empty"),
    ],
)
def test_bad_date_is_refused_with_place_and_remedy(
    read_text: Callable[..., Any], cells: tuple[str, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_text(column(*cells), time="t")
