"""The distance between steps in time: a number of microseconds, or a rule of the calendar."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.datetime64]
Steps = NDArray[np.int64]
Unit = Literal[
    "step",
    "us",
    "wall_us",
    "month",
    "business_day",
    "business_month_start",
    "business_month_end",
    "semi_month_start",
    "semi_month_end",
    "single",
]

DAY_US = 86_400_000_000
_MICROSECONDS = {"d": DAY_US, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000}
_MONTH_END = 31
_MOST_COUNTED = 1_000
"""Times that a unit is counted as a whole number; longer times are given in a larger unit, with six digits."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """The distance between steps: `count` times `unit`.

    `step` has no clock (an index, or whole numbers), `us` is a fixed number of microseconds, `wall_us` the same on
    local clocks, which are put forward and back; `month` follows the calendar (12 is a year), `business_day` skips
    Saturdays and Sundays, `business_month_start` and `business_month_end` are the first and the last business day of
    every `count` months. `semi_month_start` is the 1st and day `count` of each month, `semi_month_end` day `count` and
    the last. `single` is that of one time: unknown.
    """

    unit: Unit
    count: int

    def __str__(self) -> str:
        if self.unit.startswith("semi_month"):
            days = ("1", str(self.count)) if self.unit == "semi_month_start" else (str(self.count), "the last")
            return f"days {days[0]} and {days[1]} of a month"
        if not self.is_clock:
            return f"{self.count} {self.unit.replace('_', ' ')}{'s' if self.count > 1 else ''}"
        units = _MICROSECONDS.items()
        exact = next((one for one in units if self.count % one[1] == 0), None)
        if exact is not None and self.count // exact[1] < _MOST_COUNTED:
            return f"{self.count // exact[1]} {exact[0]}"
        name, size = next((one for one in units if self.count >= one[1]), ("us", 1))
        return f"{self.count / size:.6g} {name}"

    @property
    def is_clock(self) -> bool:
        """Whether steps are a fixed number of microseconds long, in time or on local clocks."""
        return self.unit in ("us", "wall_us")

    @property
    def months(self) -> int | None:
        """Months per step, of those that follow the months of the calendar."""
        return self.count if self.unit in ("month", "business_month_start", "business_month_end") else None

    def advance(self, start: np.datetime64, steps: Steps) -> Times:
        """The times that lie `steps` after `start`, on one clock.

        A month that is too short for the day of `start` takes its last day.
        """
        start = start.astype("datetime64[us]")
        if self.unit == "single":
            return np.full(len(steps), start)
        if self.is_clock:
            return np.asarray(start + (steps * self.count).astype("timedelta64[us]"))
        day = start.astype("datetime64[D]")
        clock = start - day.astype("datetime64[us]")
        return np.asarray(self._days(day, steps).astype("datetime64[us]") + clock)

    def steps_after(self, start: np.datetime64, times: Times) -> Steps:
        """The inverse of `advance`; the last step before a time that is not on the grid."""
        if self.unit == "single":
            return np.zeros(len(times), np.int64)
        if self.is_clock:
            return np.asarray((times - start).astype(np.int64) // self.count)
        day, days = start.astype("datetime64[D]"), times.astype("datetime64[D]")
        if self.unit == "business_day":
            return np.asarray(np.busday_count(day, days) // self.count)
        if self.unit.startswith("semi_month"):
            return np.asarray(self._half_months(days) - self._half_months(day))
        months = days.astype("datetime64[M]") - day.astype("datetime64[M]")
        return np.asarray(months.astype(np.int64) // self.count)

    def _days(self, day: np.datetime64, steps: Steps) -> Times:
        if self.unit == "business_day":
            return np.asarray(np.busday_offset(day, steps * self.count, roll="forward"))
        if self.unit.startswith("semi_month"):
            return self._half_month_days(self._half_months(day) + steps)
        months = day.astype("datetime64[M]") + steps * self.count
        if self.unit == "business_month_start":
            return np.asarray(np.busday_offset(months.astype("datetime64[D]"), 0, roll="forward"))
        if self.unit == "business_month_end":
            return np.asarray(np.busday_offset((months + 1).astype("datetime64[D]") - 1, 0, roll="backward"))
        number = int(_days_into_month(day)) + 1
        is_last = (day + 1).astype("datetime64[M]") > day.astype("datetime64[M]")
        return _day_of_month(months, _MONTH_END if is_last and number >= 28 else number)

    def _half_months(self, days: Times | np.datetime64) -> Steps:
        """The number of the half month of each day, from January 1970 on."""
        into = _days_into_month(days) + 1
        second = into >= self.count if self.unit == "semi_month_start" else into > self.count
        return np.asarray(2 * days.astype("datetime64[M]").astype(np.int64) + second)

    def _half_month_days(self, halves: Steps) -> Times:
        numbers = (1, self.count) if self.unit == "semi_month_start" else (self.count, _MONTH_END)
        months = (halves // 2).astype("datetime64[M]")
        return np.where(halves % 2 == 0, *(_day_of_month(months, number) for number in numbers))


SINGLE = Frequency("single", 1)
"""Of a series with one time."""


def infer_frequency(times: Times) -> Frequency | None:
    """The frequency that all of `times` follow (sorted, distinct), or None if they follow none.

    Two times are enough; with one there is nothing to infer and the answer is None.
    """
    times = times.astype("datetime64[us]")
    if len(times) < 2:
        return None
    steps = np.arange(len(times))
    for candidate in _candidates(times):
        if np.array_equal(candidate.advance(times[0], steps), times):
            return candidate
    return None


def most_common_frequency(times: Times) -> Frequency:
    """The most common frequency of neighbouring `times`, for series with gaps."""
    times = times.astype("datetime64[us]")
    gaps = np.diff(times).astype(np.int64)
    distances, counts = np.unique(gaps, return_counts=True)
    whole_months = (np.diff(times.astype("datetime64[M]")).astype(np.int64) >= 1).all()
    if whole_months and distances[counts.argmax()] >= 28 * DAY_US and len(distances) > 1:
        months = np.diff(times.astype("datetime64[M]")).astype(np.int64)
        values, counts = np.unique(months, return_counts=True)
        return _on_the_grid(times, _monthly(int(values[counts.argmax()])))
    semi_monthly = [one for one in _semi_monthly(times) if _fits(times, one)]
    if semi_monthly:
        return semi_monthly[0]
    return Frequency("us", int(distances[counts.argmax()]))


def infer_step(numbers: Steps) -> Frequency:
    """The distance of whole numbers (sorted, distinct): the most common one that all are on the grid of."""
    if len(numbers) < 2:
        return SINGLE
    gaps, counts = np.unique(np.diff(numbers), return_counts=True)
    common = int(gaps[counts.argmax()])
    return Frequency("step", common if (gaps % common == 0).all() else int(np.gcd.reduce(gaps)))


def _candidates(times: Times) -> list[Frequency]:
    months = int((times[1].astype("datetime64[M]") - times[0].astype("datetime64[M]")).astype(np.int64))
    candidates = [Frequency("us", int((times[1] - times[0]).astype(np.int64)))]
    if months > 0:
        month, *of_business = _monthly(months)
        candidates = [month, *candidates, *of_business]
    if np.is_busday(times.astype("datetime64[D]")).all():
        candidates.append(Frequency("business_day", 1))
    return [*candidates, *_semi_monthly(times)]


def _monthly(months: int) -> list[Frequency]:
    return [
        Frequency("month", months),
        Frequency("business_month_end", months),
        Frequency("business_month_start", months),
    ]


def _semi_monthly(times: Times) -> list[Frequency]:
    """The semi-monthly frequencies that these days of the month may have."""
    numbers = np.unique(_days_into_month(times.astype("datetime64[D]")) + 1)
    if len(numbers) == 2 and numbers[0] == 1:
        return [Frequency("semi_month_start", int(numbers[1]))]
    return [Frequency("semi_month_end", int(numbers[0]))] if 1 < numbers[0] < 28 and len(numbers) > 1 else []


def _fits(times: Times, frequency: Frequency) -> bool:
    return np.array_equal(frequency.advance(times[0], frequency.steps_after(times[0], times)), times)


def _on_the_grid(times: Times, frequencies: list[Frequency]) -> Frequency:
    """The first of the frequencies on whose grid all times are; the first of all if there is none."""
    return next((one for one in frequencies if _fits(times, one)), frequencies[0])


def _days_into_month(days: Times | np.datetime64) -> Steps:
    return np.asarray((days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64))


def _day_of_month(months: Times, number: int) -> Times:
    """Day `number` of each month, or its last."""
    first, last = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]") - 1
    return np.asarray(np.minimum(first + (number - 1), last))
