"""When each step of a series happened: a start and a frequency, never a list of timestamps."""

from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.datetime64]
Unit = Literal["step", "us", "month", "business_day", "single"]

_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "min": 60_000_000, "s": 1_000_000, "ms": 1_000}


@dataclass(frozen=True, slots=True)
class Frequency:
    """The distance between steps: `count` times `unit`.

    `step` has no clock (a plain index), `us` is a fixed number of microseconds, `month` follows the calendar
    (12 is a year), `business_day` skips Saturdays and Sundays, and `single` is that of one time: unknown.
    """

    unit: Unit
    count: int

    def __str__(self) -> str:
        if self.unit != "us":
            return f"{self.count} {self.unit.replace('_', ' ')}{'s' if self.count > 1 else ''}"
        for name, size in _MICROSECONDS.items():
            if self.count % size == 0:
                return f"{self.count // size} {name}"
        return f"{self.count} us"

    def advance(self, start: np.datetime64, steps: NDArray[np.int64]) -> Times:
        """The times that lie `steps` after `start`.

        A month that is too short for the day of `start` takes its last day.
        """
        start = start.astype("datetime64[us]")
        if self.unit == "single":
            return np.full(len(steps), start)
        if self.unit == "us":
            return np.asarray(start + (steps * self.count).astype("timedelta64[us]"))
        day = start.astype("datetime64[D]")
        clock = start - day.astype("datetime64[us]")
        if self.unit == "business_day":
            days: Times = np.busday_offset(day, steps * self.count, roll="forward")
            return np.asarray(days.astype("datetime64[us]") + clock)
        first = day.astype("datetime64[M]")
        months = first + steps * self.count
        length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
        first_length = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
        offset = (day - first.astype("datetime64[D]")).astype(np.int64)
        at_end = offset == first_length - 1
        within = np.where(at_end & (offset >= 27), length - 1, np.minimum(offset, length - 1))
        return np.asarray(months.astype("datetime64[us]") + within.astype("timedelta64[D]") + clock)


@dataclass(frozen=True, slots=True)
class TimeBase:
    """When step 0 was (None: a plain index), the frequency, and the number of the series' first step."""

    frequency: Frequency
    start: np.datetime64 | None = None
    first_step: int = 0

    def times(self, steps: NDArray[np.int64]) -> NDArray[Any]:
        """The time of each of `steps` (0 is the first): datetimes, or integers without a clock."""
        steps = steps + self.first_step
        return steps if self.start is None else self.frequency.advance(self.start, steps)

    def shift(self, steps: int) -> Self:
        """The time base of the series without its first `steps` steps."""
        return replace(self, first_step=self.first_step + steps)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        start = None if self.start is None else str(self.start)
        return {"unit": self.frequency.unit, "count": self.frequency.count, "start": start, "first": self.first_step}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The time base that `to_json` wrote."""
        start = None if data["start"] is None else np.datetime64(data["start"], "us")
        return cls(Frequency(data["unit"], data["count"]), start, data["first"])


SINGLE = Frequency("single", 1)
"""Of a series with one time."""

INDEX = TimeBase(Frequency("step", 1))


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
    day_us = _MICROSECONDS["d"]
    whole_months = (np.diff(times.astype("datetime64[M]")).astype(np.int64) >= 1).all()
    if whole_months and distances[counts.argmax()] >= 28 * day_us and len(distances) > 1:
        months = np.diff(times.astype("datetime64[M]")).astype(np.int64)
        values, counts = np.unique(months, return_counts=True)
        return Frequency("month", int(values[counts.argmax()]))
    return Frequency("us", int(distances[counts.argmax()]))


def _candidates(times: Times) -> list[Frequency]:
    months = int((times[1].astype("datetime64[M]") - times[0].astype("datetime64[M]")).astype(np.int64))
    candidates = [Frequency("us", int((times[1] - times[0]).astype(np.int64)))]
    if months > 0:
        candidates.insert(0, Frequency("month", months))
    if np.is_busday(times.astype("datetime64[D]")).all():
        candidates.append(Frequency("business_day", 1))
    return candidates
