"""Calendars of several columns: year and month, year and quarter, up to the minute."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from echoic.errors import DataError

MONTHS = "Year,Month,sales\n2020,11,5\n2020,12,6\n2021,1,7\n2021,2,8\n"


@pytest.mark.parametrize(
    ("text", "first", "frequency"),
    [
        (MONTHS, "2020-11-01T00:00", "1 month"),
        ("year,quarter,sales\n1959.0,3.0,5\n1959.0,4.0,6\n1960.0,1.0,7\n", "1959-07-01T00:00", "3 months"),
        ("day,month,year,sales\n31,1,2020,5\n1,2,2020,6\n2,2,2020,7\n", "2020-01-31T00:00", "1 d"),
        ("year,month,day,hour,sales\n2020,1,31,23,5\n2020,2,1,0,6\n2020,2,1,1,7\n", "2020-01-31T23:00", "1 h"),
    ],
)
def test_a_calendar_of_columns_is_the_time(
    read_text: Callable[..., Any], text: str, first: str, frequency: str
) -> None:
    dataset = read_text(text)
    (series,) = dataset.series
    assert series.features == ("sales",)
    assert str(series.time.frequency) == frequency
    assert str(series.time.times(np.arange(1))[0]).startswith(first)


def test_the_run_finds_them_again_by_name(read_text: Callable[..., Any]) -> None:
    found = read_text(MONTHS).report.found_time
    assert found == "Year+Month"
    assert read_text(MONTHS, time=found).series[0].features == ("sales",)


def test_beside_other_times_they_are_ignored_with_a_note(read_text: Callable[..., Any]) -> None:
    dated = "date,year,month,y\n2020-01-31,2020,1,5\n2020-02-01,2020,2,6\n"
    for dataset in (read_text(dated), read_text(MONTHS, time="none")):
        assert len(dataset.series[0].features) == 1
        assert any(note.startswith("Ignored columns: ") for note in dataset.report.notes)


def test_a_named_role_remains(read_text: Callable[..., Any]) -> None:
    dataset = read_text(MONTHS, target=("sales",), future_covariates=("Month",))
    assert dataset.series[0].covariates.future_names == ("Month",)
    assert read_text(MONTHS, time="none", target=("Month",)).series[0].features == ("Month",)


def test_numbers_outside_of_a_calendar_are_values(read_text: Callable[..., Any]) -> None:
    assert read_text("year,month,y\n2020,13,5\n2020,14,6\n").series[0].features == ("year", "month", "y")
    assert read_text("month,hour,y\n1,3,5\n1,4,6\n").series[0].features == ("month", "hour", "y")


def test_a_panel_without_an_id_asks_for_it(read_text: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match="--id"):
        read_text("shop,Year,Month,sales\n1,2020,1,5\n1,2020,2,6\n2,2020,1,5\n2,2020,2,6\n")
    panel = "shop,Year,Month,sales\n1,2020,1,5\n1,2020,2,6\n2,2020,1,5\n2,2020,2,6\n"
    assert len(read_text(panel, id="shop", target=("sales",)).series) == 2
