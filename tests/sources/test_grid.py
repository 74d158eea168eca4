from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from echoic.errors import DataError
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
