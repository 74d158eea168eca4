import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoic.types.frequency import Frequency, Unit, infer_frequency, most_common_frequency
from echoic.types.timebase import INDEX, TimeBase

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

few = settings(deadline=None, max_examples=60)
starts = st.integers(-(10**15), 10**16).map(lambda us: np.datetime64(us, "us"))
days = st.integers(-20_000, 40_000).map(lambda day: np.datetime64(day, "D"))


def times(frequency: Frequency, start: str, steps: int) -> list[str]:
    return [str(time) for time in frequency.advance(np.datetime64(start), np.arange(steps)).astype("datetime64[m]")]


def dates(frequency: Frequency, start: str, steps: int) -> list[str]:
    return [time[:10] for time in times(frequency, start, steps)]


@pytest.mark.parametrize(
    ("start", "count", "wanted"),
    [
        ("2023-01-15", 1, ["2023-01-15", "2023-02-15", "2023-03-15", "2023-04-15"]),
        ("2023-01-31", 1, ["2023-01-31", "2023-02-28", "2023-03-31", "2023-04-30"]),
        ("2024-01-31", 1, ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),
        ("2023-01-30", 1, ["2023-01-30", "2023-02-28", "2023-03-30", "2023-04-30"]),
        ("2024-01-29", 1, ["2024-01-29", "2024-02-29", "2024-03-29", "2024-04-29"]),
        ("2023-02-28", 1, ["2023-02-28", "2023-03-31", "2023-04-30", "2023-05-31"]),
        ("2024-02-28", 1, ["2024-02-28", "2024-03-28", "2024-04-28", "2024-05-28"]),
        ("2023-11-30", 3, ["2023-11-30", "2024-02-29", "2024-05-31", "2024-08-31"]),
        ("2020-02-29", 12, ["2020-02-29", "2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29"]),
        ("1899-12-31", 12, ["1899-12-31", "1900-12-31", "1901-12-31"]),
    ],
)
def test_months_follow_the_calendar(start: str, count: int, wanted: list[str]) -> None:
    assert dates(Frequency("month", count), start, len(wanted)) == wanted


def test_months_keep_the_time_of_day() -> None:
    assert times(Frequency("month", 1), "2023-01-31T06:30", 2) == ["2023-01-31T06:30", "2023-02-28T06:30"]


def test_business_days_skip_weekends() -> None:
    wanted = ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-04", "2024-03-05"]
    assert dates(Frequency("business_day", 1), "2024-02-28", 5) == wanted
    assert dates(Frequency("business_day", 3), "2024-02-29", 3) == ["2024-02-29", "2024-03-05", "2024-03-08"]
    assert times(Frequency("business_day", 1), "2024-03-01T17:00", 2) == ["2024-03-01T17:00", "2024-03-04T17:00"]


def test_microseconds_are_exact() -> None:
    got = Frequency("us", 250_000).advance(np.datetime64("2024-02-28T23:59:59.75"), np.array([0, 1, 2, 345_600]))
    assert got.astype(str).tolist() == [
        "2024-02-28T23:59:59.750000",
        "2024-02-29T00:00:00.000000",
        "2024-02-29T00:00:00.250000",
        "2024-02-29T23:59:59.750000",
    ]


@pytest.mark.parametrize("unit", ["us", "month", "business_day"])
def test_steps_may_lie_before_the_start(unit: Unit) -> None:
    frequency = Frequency(unit, 1)
    start = np.datetime64("2024-03-13T10:00", "us")
    back = frequency.advance(start, np.array([-3]))[0]
    assert back < start
    assert frequency.advance(back, np.array([3]))[0] == start


@pytest.mark.parametrize(
    ("frequency", "words"),
    [
        (Frequency("us", 3 * DAY_US), "3 d"),
        (Frequency("us", HOUR_US), "1 h"),
        (Frequency("us", 90 * 60_000_000), "90 min"),
        (Frequency("us", 1), "1 us"),
        (Frequency("us", 1500), "1.5 ms"),
        (Frequency("us", 79_519), "79.519 ms"),
        (Frequency("us", 20_000), "20 ms"),
        (Frequency("us", DAY_US + 3_600_000_000), "25 h"),
        (Frequency("us", 86_405_000_001), "1.00006 d"),
        (Frequency("step", 1), "1 step"),
        (Frequency("business_day", 1), "1 business day"),
        (Frequency("month", 12), "12 months"),
    ],
)
def test_the_text_of_a_frequency(frequency: Frequency, words: str) -> None:
    assert str(frequency) == words


@few
@given(start=starts, count=st.integers(1, 10**11), steps=st.integers(3, 20))
def test_a_fixed_distance_is_inferred_from_its_times(start: np.datetime64, count: int, steps: int) -> None:
    made = Frequency("us", count).advance(start, np.arange(steps))
    found = infer_frequency(made)
    assert found is not None
    np.testing.assert_array_equal(found.advance(made[0], np.arange(steps)), made)
    assert found == Frequency("us", count) or found.unit == "month"


@few
@given(start=days, count=st.sampled_from([1, 2, 3, 4, 6, 12, 24]), steps=st.integers(2, 40))
def test_months_are_inferred_from_their_times(start: np.datetime64, count: int, steps: int) -> None:
    made = Frequency("month", count).advance(start, np.arange(steps))
    assert infer_frequency(made) == Frequency("month", count)


@few
@given(start=days, steps=st.integers(7, 40))
def test_business_days_are_inferred_from_their_times(start: np.datetime64, steps: int) -> None:
    made = Frequency("business_day", 1).advance(start, np.arange(steps))
    assert infer_frequency(made) == Frequency("business_day", 1)


@pytest.mark.parametrize(
    "irregular",
    [
        [],
        ["2024-01-01"],
        ["2024-01-01", "2024-01-02", "2024-01-04"],
        ["2024-01-01", "2024-02-01", "2024-03-02"],
        ["2024-01-05", "2024-01-08", "2024-01-10"],
    ],
)
def test_irregular_times_have_no_frequency(irregular: list[str]) -> None:
    assert infer_frequency(np.array(irregular, "datetime64[us]")) is None


@pytest.mark.parametrize(
    "frequency", [Frequency("us", HOUR_US), Frequency("us", 7 * DAY_US), Frequency("month", 1), Frequency("month", 12)]
)
def test_the_usual_frequency_of_a_series_with_gaps_is_that_of_most_steps(frequency: Frequency) -> None:
    steps = np.array([0, 1, 2, 3, 5, 6, 7, 12, 13, 14])
    assert most_common_frequency(frequency.advance(np.datetime64("2024-01-01"), steps)) == frequency


BASES = {
    "index": INDEX,
    "hourly": TimeBase(Frequency("us", HOUR_US), np.datetime64("2024-02-28T22:00", "us")),
    "month ends": TimeBase(Frequency("month", 1), np.datetime64("2024-01-31", "us")),
    "mid months": TimeBase(Frequency("month", 3), np.datetime64("2024-01-15T12:00", "us")),
    "business days": TimeBase(Frequency("business_day", 1), np.datetime64("2024-01-04", "us")),
}


@pytest.mark.parametrize("steps", [0, 1, 2, 17])
@pytest.mark.parametrize("name", BASES)
def test_a_shifted_base_gives_the_same_times_later(name: str, steps: int) -> None:
    base = BASES[name]
    np.testing.assert_array_equal(base.shift(steps).times(np.arange(9)), base.times(np.arange(9) + steps))
    assert base.shift(steps).first_step == steps
    assert base.shift(2).shift(steps) == base.shift(2 + steps)


def test_a_day_of_the_month_is_kept_however_often_it_is_shifted() -> None:
    """The 28th is the last of February, but of no other month."""
    base = TimeBase(Frequency("month", 1), np.datetime64("2025-01-28"))
    times = base.shift(2).times(np.arange(2)).astype("datetime64[D]").astype(str).tolist()
    assert times == ["2025-03-28", "2025-04-28"]


def test_an_index_counts_on() -> None:
    assert INDEX.shift(5).times(np.array([0, 1, 7])).tolist() == [5, 6, 12]


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("name", BASES)
def test_json_gives_back_the_same_base(name: str, steps: int) -> None:
    base = BASES[name].shift(steps)
    assert TimeBase.from_json(json.loads(json.dumps(base.to_json()))) == base


@few
@given(start=starts)
def test_json_keeps_every_microsecond(start: np.datetime64) -> None:
    base = TimeBase(Frequency("us", 1), start)
    assert TimeBase.from_json(json.loads(json.dumps(base.to_json()))).start == start
