"""Frequencies by the aliases of pandas, and the times that their steps begin or end at."""

import re
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from echoic.errors import ConfigError
from echoic.types.frequency import DAY_US, Frequency, Steps, Times, Unit

_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_CLOCK_US = {
    "us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "D": DAY_US, "W": 7 * DAY_US,
}  # fmt: skip

_FORMER = {
    "U": "us", "L": "ms", "S": "s", "T": "min", "H": "h", "d": "D", "w": "W", "m": "min", "mo": "MS", "q": "QS",
    "y": "YS", "SM": "SME", "BM": "BME", "BQ": "BQE", "BA": "BYE", "BY": "BYE", "AS": "YS", "BAS": "BYS",
}  # fmt: skip
"""Names that pandas had before, and those of polars."""

_EITHER = {"M": ("MS", "ME"), "Q": ("QS", "QE"), "Y": ("YS", "YE"), "A": ("YS", "YE")}
"""Former names of the ends, which are often given to data at the starts."""

_BY_MONTH: dict[str, tuple[Unit, int, bool]] = {
    "MS": ("month", 1, False),
    "ME": ("month", 1, True),
    "QS": ("month", 3, False),
    "QE": ("month", 3, True),
    "YS": ("month", 12, False),
    "YE": ("month", 12, True),
    "BMS": ("business_month_start", 1, False),
    "BME": ("business_month_end", 1, True),
    "BQS": ("business_month_start", 3, False),
    "BQE": ("business_month_end", 3, True),
    "BYS": ("business_month_start", 12, False),
    "BYE": ("business_month_end", 12, True),
}
"""The unit of a step, its months, and whether it is named by its end."""

_ALIAS = re.compile(r"(\d*)([A-Za-z]+)(?:-([A-Za-z]{3}|\d{1,2}))?")
_KNOWN = "15min, h, D, B, W-MON, MS, ME, BME, SMS, QS or YS"


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """A frequency as pandas names it.

    `at_end` frequencies name a step by its last day, others by its first, as pandas' `resample` does. `phase` is the
    weekday (0 is Monday) or the month (0 is January) that steps are counted from; None if any will do.
    """

    name: str
    frequency: Frequency
    at_end: bool = False
    phase: int | None = None
    cycle_months: int = 1

    @classmethod
    def parse(cls, text: str, first: np.datetime64) -> Self:
        """The rule of an alias; M, Q and Y are starts if the time `first` is on the first of a month, otherwise ends.

        Raises:
            ConfigError: there is no such alias.
        """
        found = _ALIAS.fullmatch(text.strip())
        if found is None:
            raise _unknown(text)
        count, name, anchor = int(found[1] or 1), found[2], found[3]
        name = _FORMER.get(name, name)
        is_first = first.astype("datetime64[D]") == first.astype("datetime64[M]").astype("datetime64[D]")
        name = _EITHER[name][0 if is_first else 1] if name in _EITHER else name
        if not count:
            raise _unknown(text)
        if name in _BY_MONTH:
            unit, months, at_end = _BY_MONTH[name]
            phase = _place(text, anchor, _MONTHS) if anchor else None
            return cls(text, Frequency(unit, months * count), at_end, phase, months)
        if name in ("SMS", "SME") and count == 1:
            day = int(anchor) if anchor and anchor.isdigit() else 15
            unit = "semi_month_start" if name == "SMS" else "semi_month_end"
            if not 1 < day < 28:
                raise _unknown(text)
            return cls(text, Frequency(unit, day))
        if name == "B" and anchor is None:
            return cls(text, Frequency("business_day", count))
        if name == "W" and anchor:
            return cls(
                text, Frequency("us", count * _CLOCK_US["W"]), at_end=True, phase=_place(text, anchor, _WEEKDAYS)
            )
        if name in _CLOCK_US and anchor is None:
            return cls(text, Frequency("us", count * _CLOCK_US[name]), at_end=name == "W")
        raise _unknown(text)

    @property
    def is_of_days(self) -> bool:
        """Whether steps are whole days or longer, and so those of local clocks."""
        return not self.frequency.is_clock or self.frequency.count % DAY_US == 0

    def is_on_grid(self, first: np.datetime64) -> bool:
        """Whether a step may begin at the day of `first`; any clock time will do."""
        day = first.astype("datetime64[D]")
        if self.frequency.is_clock and self.phase is None:
            return True
        return bool(self.first_label(day, any_phase=self.phase is None) == day)

    def labels(self, times: Times) -> tuple[np.datetime64, Steps]:
        """The day that names the first step, and the step of each of `times` (sorted), as pandas' `resample` has them.

        For steps of whole days or longer; `times` are those of one clock.
        """
        start = self.first_label(times[0])
        days = times.astype("datetime64[D]")
        most = int((days[-1] - days[0]).astype(np.int64)) + 2
        labels = self.frequency.advance(start, np.arange(most)).astype("datetime64[D]")
        if self.at_end:
            return start, np.searchsorted(labels, days, side="left")
        return start, np.searchsorted(labels, days, side="right") - 1

    def first_label(self, first: np.datetime64, *, any_phase: bool = False) -> np.datetime64:
        """The day that names the step in which the day of `first` lies."""
        day = first.astype("datetime64[D]")
        label: Any
        if self.frequency.unit == "business_day":
            label = np.busday_offset(day, 0, roll="backward")
        elif self.frequency.is_clock:
            label = self._week_day(day)
        else:
            labels = self._labels_near(day, 1 if any_phase else self.cycle_months)
            label = labels[labels >= day][0] if self.at_end else labels[labels <= day][-1]
        named: np.datetime64 = label.astype("datetime64[us]")
        return named

    def _week_day(self, day: np.datetime64) -> np.datetime64:
        """The weekday that ends the week of `day`; the day itself for steps that are no weeks."""
        if not self.at_end:
            return day
        weekday = (day.astype(np.int64) + 3) % 7  # day 0 was a Thursday
        sunday = 6
        return day + np.timedelta64(((sunday if self.phase is None else self.phase) - int(weekday)) % 7, "D")

    def _labels_near(self, day: np.datetime64, cycle: int) -> Times:
        """Names of steps before and after `day`."""
        month = int(day.astype("datetime64[M]").astype(np.int64))
        default = cycle - 1 if self.at_end else 0  # quarters and years begin in January and end in December
        phase = default if self.phase is None else self.phase
        first = month - (month - phase) % cycle - cycle
        begin = np.datetime64(first, "M").astype("datetime64[D]")
        frequency = self.frequency
        if frequency.unit.startswith("semi_month"):
            return frequency.advance(begin, np.arange(-2, 8)).astype("datetime64[D]")
        if frequency.unit == "month" and self.at_end:
            begin = (np.datetime64(first, "M") + 1).astype("datetime64[D]") - 1
        return Frequency(frequency.unit, cycle).advance(begin, np.arange(4)).astype("datetime64[D]")


def _place(text: str, anchor: str, names: tuple[str, ...]) -> int:
    if anchor.upper() not in names:
        raise _unknown(text)
    return names.index(anchor.upper())


def _unknown(text: str) -> ConfigError:
    return ConfigError(f"`freq` must be an alias of pandas such as {_KNOWN}, got {text!r}.")
