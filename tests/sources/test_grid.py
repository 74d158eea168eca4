from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources import read
from echoic.types.frequency import SINGLE


def column(*cells: str) -> str:
    return "t,y\n" + "".join(f"{cell},{number}\n" for number, cell in enumerate(cells))


def test_unsorted_rows_are_refused_or_sorted_and_counted(read_text: Callable[..., Any]) -> None:
    text = column("2024-01-02", "2024-01-01", "2024-01-03")
    with pytest.raises(DataError, match=r"line 3, column 't': 2024-01-01.* is earlier .*; pass --sort"):
        read_text(text, time="t")
    dataset = read_text(text, time="t", sort=True)
    assert dataset.series[0].values[:, 0].tolist() == [1, 0, 2]
    assert dataset.report.reordered_rows == 2


def test_repeated_time_names_both_lines(read_text: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match=r"line 4, column 't': 2024-01-02.* is also in line 3; keep one"):
        read_text(column("2024-01-01", "2024-01-02", "2024-01-02"), time="t")
    with pytest.raises(DataError, match="is also in line 2"):
        read_text(column("2024-01-02", "2024-01-01", "2024-01-02"), time="t", sort=True)


def test_gap_is_refused_or_masked_and_counted(read_text: Callable[..., Any]) -> None:
    text = column("2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06")
    with pytest.raises(DataError, match=r"line 4, .*: 2 rows of 1 d are missing between .* --gaps mask"):
        read_text(text, time="t")
    dataset = read_text(text, time="t", gaps="mask")
    np.testing.assert_array_equal(dataset.series[0].values[:, 0], [0, 1, np.nan, np.nan, 2, 3])
    assert dataset.report.inserted_rows == 2
    assert dataset.report.missing == {"y": 0}
    assert dataset.report.steps == 6


def test_month_gap_follows_the_calendar(read_text: Callable[..., Any]) -> None:
    dataset = read_text(column("2024-01", "2024-02", "2024-03", "2024-05"), time="t", gaps="mask")
    assert str(dataset.series[0].time.frequency) == "1 month"
    np.testing.assert_array_equal(dataset.series[0].values[:, 0], [0, 1, 2, np.nan, 3])


def test_business_days_with_a_holiday_get_one_row_for_it(read_text: Callable[..., Any]) -> None:
    days = ("2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-11", "2024-01-12", "2024-01-15")
    dataset = read_text(column(*days), time="t", gaps="mask")
    assert dataset.series[0].time.frequency.unit == "business_day"
    assert dataset.report.inserted_rows == 1


def test_mixed_frequencies_are_refused(read_text: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match=r"line 5, .* is off the grid of 1 d from 2024-01-01"):
        read_text(column("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03T07:00"), time="t", gaps="mask")


def test_the_frequency_of_a_single_time_is_unknown(read_text: Callable[..., Any]) -> None:
    one = read_text(column("2024-01-01"), time="t").series[0]
    assert one.time.frequency == SINGLE
    assert one.time.times(np.arange(1)) == np.datetime64("2024-01-01")


def test_mistyped_year_cannot_fill_the_memory(read_text: Callable[..., Any]) -> None:
    text = column("2024-01-01T00:00", "2024-01-01T00:01", "2024-01-01T00:02", "9924-01-01T00:00")
    with pytest.raises(DataError, match=r"line 5: filling the gaps would turn 4 rows into .*; check the time"):
        read_text(text, time="t", gaps="mask")


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (
            [
                "2024-01-01 00:04:09.034267",
                "2024-01-01 00:04:17.138228",
                "2024-01-01 00:04:17.167759",
                "2024-01-01 01:00",
            ],
            "line 3, .*: 2024-01-01 00:04:17.138228 is at no regular distance: rows are 29.531 ms to 55.7.* min apart",
        ),
        (
            ["2024-03-30T00:00+01:00", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00", "2024-04-02T00:00+02:00"],
            r"line 4, .*: 2024-04-01T00:00\+02:00 is off the grid of 1 d from 2024-03-30T00:00\+01:00; .* --time-zone",
        ),
        (["2024-01-01", "2024/1/2", "2024-01-02"], "line 4, .*: 2024-01-02 is also in line 3"),
    ],
)
def test_messages_have_times_as_the_file_has_them(tmp_path: Path, times: list[str], said: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("t,y\n" + "".join(f"{time},1\n" for time in times))
    with pytest.raises(DataError, match=said):
        read(path, TableSettings(time="t"))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("0.5", "1.5"), r"line 2, column 'y': '0.5' is not a date; name the column of dates with --time, such as d\."),
        (("3", "1"), "line 3, column 'y': 1 is earlier than the row before it; .* name another column with --time"),
    ],
)
def test_a_column_that_holds_no_times_is_named_and_no_other(tmp_path: Path, cells: tuple[str, str], said: str) -> None:
    """Also where the others are text: without a column of times, they would be predicted."""
    path = tmp_path / "data.csv"
    path.write_text(f"place,d,y\nhere,2024-01-01,{cells[0]}\nthere,2024-01-02,{cells[1]}\n")
    with pytest.raises(DataError, match=said):
        read(path, TableSettings(time="y"))


@pytest.mark.parametrize(
    "rows",
    [
        "a,2024-01-01,1 a,2024-01-02,1 b,2024-01-01,1 b,2024-01-02,1",
        "a,2024-01-01,1 b,2024-01-01,2 a,2024-01-02,3 b,2024-01-02,4",
        "7,2024-01-01,1 7,2024-01-02,2 7,2024-01-03,3 9,2024-01-02,1",
    ],
)
def test_the_rows_of_several_series_have_the_remedy_of_a_column_of_names(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text("shop,t,y\n" + rows.replace(" ", "\n") + "\n")
    with pytest.raises(DataError, match="; name the column of the series with --id, such as shop, or "):
        read(path, TableSettings(time="t", target=("y",)))
    assert len(read(path, TableSettings(time="t", target=("y",), id="shop", freq="D")).series) == 2


@pytest.mark.parametrize("values", ["0 1 0 1 0 2", "0 0 1 1 2 2"])
def test_a_column_of_few_values_does_not_name_series_where_rows_are_swapped(tmp_path: Path, values: str) -> None:
    days = ["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-03", "2024-01-05", "2024-01-06"]
    path = tmp_path / "data.csv"
    path.write_text("t,y\n" + "".join(f"{day},{one}\n" for day, one in zip(days, values.split(), strict=True)))
    with pytest.raises(DataError, match="before it; pass --sort"):
        read(path, TableSettings(time="t"))
