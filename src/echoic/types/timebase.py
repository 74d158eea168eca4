"""When each step of a series happened: a start and a frequency, never a list of timestamps."""

from dataclasses import dataclass, replace
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from echoic.types import stored
from echoic.types.frequency import DAY_US, SINGLE, Frequency, Steps, Unit, infer_frequency, infer_step
from echoic.types.frequency import most_common_frequency as most_common
from echoic.types.zones import as_datetimes, to_local, to_utc


@dataclass(frozen=True, slots=True)
class TimeBase:
    """When step 0 was, the frequency, and the number of the series' first step.

    `start` is a time, a whole number, or None for a plain index. With a `zone`, a name such as Europe/Berlin or an
    offset such as +02:00, times are those of UTC, and days, months and business days those of its clocks.
    """

    frequency: Frequency
    start: np.datetime64 | int | None = None
    first_step: int = 0
    zone: str | None = None

    @property
    def has_dates(self) -> bool:
        """Whether steps have dates: not those of an index or of whole numbers."""
        return isinstance(self.start, np.datetime64)

    def times(self, steps: Steps) -> NDArray[Any]:
        """The time of each of `steps` (0 is the first): datetimes, those of UTC with a zone; or integers."""
        steps = steps + self.first_step
        if self.start is None:
            return steps
        if not isinstance(self.start, np.datetime64):
            return self.start + steps * self.frequency.count
        if self.zone is None or self.frequency.unit in ("us", "single"):
            return self.frequency.advance(self.start, steps)
        local = self.frequency.advance(to_local(np.array([self.start]), self.zone)[0], steps)
        return to_utc(local, self.zone).earliest

    def local_times(self, steps: Steps, zone: str | None = None) -> NDArray[Any]:
        """As `times`, on the clocks of the zone, or of another one; without a zone the times as they are."""
        times = self.times(steps)
        return times if self.zone is None else to_local(times, zone or self.zone)

    def stamps(self, steps: Steps) -> NDArray[Any]:
        """As `times`, as people read them: with a zone aware datetimes."""
        times = self.times(steps)
        return times if self.zone is None else as_datetimes(times, self.zone)

    def in_zone(self, zone: str | None) -> Self:
        """The same times in another zone, unless the steps are days or months on the clocks of this one."""
        return replace(self, zone=zone) if self.frequency.unit in ("us", "single") else self

    def steps_of(self, times: NDArray[Any]) -> Steps:
        """The step at each of `times`, as `times` returns them; -1 for those on no step, or before the first."""
        if self.start is None:
            steps = times.astype(np.int64) - self.first_step
        elif not isinstance(self.start, np.datetime64):
            steps = (times - self.start) // self.frequency.count - self.first_step
        elif self.zone is None or self.frequency.unit in ("us", "single"):
            steps = self.frequency.steps_after(self.start, times) - self.first_step
        else:
            start = to_local(np.array([self.start]), self.zone)[0]
            steps = self.frequency.steps_after(start, to_local(times, self.zone)) - self.first_step
        return np.where((self.times(steps) == times) & (steps >= 0), steps, -1)

    def shift(self, steps: int) -> Self:
        """The time base of the series without its first `steps` steps."""
        return replace(self, first_step=self.first_step + steps)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        start = str(self.start) if isinstance(self.start, np.datetime64) else self.start
        plain = {"unit": self.frequency.unit, "count": self.frequency.count, "start": start, "first": self.first_step}
        return plain | {"zone": self.zone}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The time base that `to_json` wrote; those of runs made before there were zones have none."""
        start = stored.field(data, "start")
        if isinstance(start, str):
            start = np.datetime64(start, "us")
        elif start is not None:
            start = stored.integer(data, "start", -(1 << 50), 1 << 50)
        unit, zone = stored.field(data, "unit"), data.get("zone")
        if unit not in get_args(Unit):
            raise ValueError(f"`unit` must be one of {', '.join(get_args(Unit))}, got {unit!r:.40}")
        if zone is not None and not (isinstance(zone, str) and zone):
            raise ValueError(f"`zone` must be a time zone, got {zone!r:.40}")
        count, first = stored.integer(data, "count", 1, 1 << 50), stored.integer(data, "first", 0, 1 << 50)
        return cls(Frequency(unit, count), start, first, zone)


_LEAST_ON_CLOCKS_US = DAY_US // 8
"""Shorter steps on local clocks would fall into hours that are skipped or shown twice."""

INDEX = TimeBase(Frequency("step", 1))


def infer(times: NDArray[Any], zone: str | None) -> Frequency | None:
    """The frequency that all of `times` (sorted, distinct) follow, or None.

    With a zone, days and longer steps are those of its clocks; shorter ones are time that passes, or else time on its
    clocks, such as every six hours from midnight on.
    """
    if times.dtype.kind != "M":
        gaps = np.diff(times)
        return infer_step(times) if len(gaps) and (gaps == gaps[0]).all() else None
    if zone is None:
        return infer_frequency(times)
    on_clocks = infer_frequency(to_local(times, zone))
    if on_clocks is not None and (not on_clocks.is_clock or on_clocks.count % DAY_US == 0):
        return _on_clocks(on_clocks)
    passed = Frequency("us", int(np.diff(times[:2]).astype(np.int64)[0])) if len(times) > 1 else None
    if passed is not None and np.array_equal(passed.advance(times[0], np.arange(len(times))), times):
        return passed
    is_of_clocks = on_clocks is not None and on_clocks.count >= _LEAST_ON_CLOCKS_US
    return _on_clocks(on_clocks) if on_clocks is not None and is_of_clocks else None


def infer_with_gaps(times: NDArray[Any], zone: str | None) -> Frequency:
    """The most common frequency of `times`; daily ones that never fall on a weekend are business days."""
    if len(times) < 2:
        return SINGLE
    if times.dtype.kind != "M":
        return infer_step(times)
    local = times if zone is None else to_local(times, zone)
    found, days = most_common(local), local.astype("datetime64[D]")
    spans_weekend = np.busday_count(days[0], days[-1]) < (days[-1] - days[0]).astype(int)
    if found.is_clock and found.count == DAY_US and spans_weekend and np.is_busday(days).all():
        return Frequency("business_day", 1)
    if zone is None or not found.is_clock or found.count % DAY_US == 0:
        return found if zone is None else _on_clocks(found)
    return most_common(times)


def _on_clocks(frequency: Frequency) -> Frequency:
    return Frequency("wall_us", frequency.count) if frequency.unit == "us" else frequency
