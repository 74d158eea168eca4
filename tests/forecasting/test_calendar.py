"""Columns of the calendar at known dates."""

import sys
from typing import Any

import numpy as np
import pytest

from echoic.config import CalendarSettings
from echoic.errors import ConfigError, DataError, MissingExtraError
from echoic.forecasting.calendar import calendar_columns, column_names, refuse_constant, with_calendar
from echoic.forecasting.holidays import holiday_flags
from echoic.types import Covariates, Series
from echoic.types.frequency import Frequency
from echoic.types.timebase import INDEX, TimeBase

HOUR_US = 3_600_000_000
EXACT = 1e-6


def times(*texts: str) -> Any:
    return np.array(texts, "datetime64[us]")


def series_of(steps: int, time: TimeBase = INDEX, **covariates: Any) -> Series:
    values = np.zeros((steps, 1), np.float32)
    return Series("y", values, ("y",), time, Covariates(**covariates), "sales.csv")


def daily(start: str) -> TimeBase:
    return TimeBase(Frequency("us", 24 * HOUR_US), np.datetime64(start, "us"))


@pytest.mark.parametrize(
    ("field", "time", "turn"),
    [
        ("hour", "2024-05-05T00:00", 0),
        ("hour", "1969-12-31T06:30", 6.5 / 24),
        ("weekday", "2024-01-01T23:00", 0),  # a Monday
        ("weekday", "2023-12-31T00:00", 6 / 7),
        ("weekday", "1969-12-31", 2 / 7),
        ("day_of_month", "2024-02-15", 14 / 29),
        ("day_of_month", "2023-02-28T12:00", 27 / 28),
        ("month", "2024-01-31", 0),
        ("month", "1965-10-01", 9 / 12),
    ],
)
def test_a_field_is_a_point_on_a_circle(field: Any, time: str, turn: float) -> None:
    settings = CalendarSettings(calendar=(field,))
    expected = [[np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)]]
    np.testing.assert_allclose(calendar_columns(times(time), settings), expected, atol=EXACT)
    assert column_names(settings) == (f"{field} sine", f"{field} cosine")


@pytest.mark.parametrize(
    ("place", "dates"),
    [
        ("DE", {"2024-01-01", "2024-03-29", "2024-10-03", "2024-12-25"}),
        ("DE-BY", {"2024-01-01", "2024-01-06", "2024-03-29", "2024-10-03", "2024-12-25"}),
    ],
)
def test_holidays_are_those_of_the_place(place: str, dates: set[str]) -> None:
    days = ["2024-01-01", "2024-01-06", "2024-03-28", "2024-03-29", "2024-07-04", "2024-10-03", "2024-12-25"]
    flags = holiday_flags(times(*days), place)
    assert {day for day, flag in zip(days, flags, strict=True) if flag == 1} == dates
    assert set(flags.tolist()) == {0, 1}


def test_every_hour_of_a_holiday_is_one_of_any_year() -> None:
    dates = times("2030-12-24T23:00", "2030-12-25T00:00", "2031-12-25T23:00", "2031-12-27T00:00")
    assert holiday_flags(dates, "DE").tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("place", ["ZZ", "DE-XX"])
def test_an_unknown_place_is_named(place: str) -> None:
    with pytest.raises(ConfigError, match=f"`holidays`: there is no calendar of '{place}'"):
        holiday_flags(times("2024-01-01"), place)


@pytest.mark.parametrize("place", ["Germany", "de", "D", ""])
def test_a_place_is_a_code(place: str) -> None:
    with pytest.raises(ValueError, match="must be the code of a country, such as DE"):
        CalendarSettings(holidays=place)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'echoic\[holidays\]'"):
        holiday_flags(times("2024-01-01"), "DE")


def test_columns_go_on_after_the_series_as_the_timestamps_do() -> None:
    settings = CalendarSettings(calendar=("weekday", "month"), holidays="DE")
    (one,) = with_calendar([series_of(10, daily("2024-12-20"))], settings, ahead=5)
    expected = calendar_columns(np.arange("2024-12-20", "2025-01-04", dtype="datetime64[D]").astype("M8[us]"), settings)
    np.testing.assert_array_equal(one.covariates.future, expected)
    assert one.covariates.future[:, -1].nonzero()[0].tolist() == [5, 6, 12]  # 25 and 26 December, 1 January
    assert one.covariates.future_names == column_names(settings)


def test_a_series_that_begins_later_has_the_columns_of_its_own_steps() -> None:
    settings = CalendarSettings(calendar=("weekday",))
    (whole,) = with_calendar([series_of(10, daily("2024-12-20"))], settings, ahead=5)
    (later,) = with_calendar([series_of(6, daily("2024-12-20").shift(4))], settings, ahead=5)
    np.testing.assert_array_equal(later.covariates.future, whole.covariates.future[4:])


def test_columns_stand_beside_known_future_covariates_for_as_long_as_those_are_known() -> None:
    plan = np.arange(12, dtype=np.float32)[:, None]
    one = series_of(10, daily("2024-12-20"), future=plan, future_names=("plan",))
    (one,) = with_calendar([one], CalendarSettings(calendar=("weekday",)), ahead=5)
    assert one.covariates.future.shape == (12, 3)
    np.testing.assert_array_equal(one.covariates.future[:, :1], plan)


def test_series_without_timestamps_are_refused_with_the_remedy() -> None:
    with pytest.raises(DataError, match=r"sales\.csv has no timestamps.* weekday sine.*--time"):
        with_calendar([series_of(10)], CalendarSettings(calendar=("weekday",)), ahead=5)


def test_nothing_chosen_changes_nothing() -> None:
    one = series_of(10)
    assert with_calendar([one], CalendarSettings(calendar=()), ahead=5) == (one,)


@pytest.mark.parametrize(
    ("settings", "step", "message"),
    [
        ({"calendar": "hour"}, "D", "`calendar` = hour has no effect"),
        ({"calendar": "weekday"}, "W", "`calendar` = weekday has no effect"),
        ({"holidays": "DE"}, "W", "`holidays` has no effect with steps of more than a day"),
    ],
)
def test_what_is_the_same_in_every_step_is_refused(settings: Any, step: Any, message: str) -> None:
    steps = np.datetime64("2024-01-01", "D") + np.arange(60).astype(f"timedelta64[{step}]")
    with pytest.raises(ConfigError, match=message):
        refuse_constant(steps.astype("M8[us]"), CalendarSettings(**settings))


@pytest.mark.parametrize(
    ("given", "resolved"),
    [("auto", None), ("none", ()), ("month,hour,month", ("month", "hour")), (["weekday"], ("weekday",))],
)
def test_values_of_the_setting(given: Any, resolved: Any) -> None:
    assert CalendarSettings(calendar=given).calendar == resolved
