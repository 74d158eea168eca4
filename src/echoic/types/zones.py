"""Times of UTC on the clocks of a time zone, and back.

A zone is a name such as Europe/Berlin, UTC, or a fixed offset such as +02:00. Clocks go by the database of zoneinfo,
which is looked up for every day of a year once.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from echoic.errors import DataError

Times = NDArray[np.datetime64]

_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
_DAY = np.timedelta64(1, "D")
_FIRST_YEAR, _LAST_YEAR = 2, 9998
"""Years for which Python knows the offset of every day."""


class Instants(NamedTuple):
    """Times of UTC at which clocks show given local times: the `earliest`, and the `latest` where they show them twice.

    Where clocks are put forward and skip a time, `exists` is false and `earliest` as long after the change.
    """

    earliest: Times
    latest: Times
    exists: NDArray[np.bool_]


def to_local(times: Times, zone: str) -> Times:
    """What clocks show at `times` of UTC."""
    return np.asarray(times.astype("datetime64[us]") + _offsets(times, zone))


def to_utc(local: Times, zone: str) -> Instants:
    """When clocks show the times `local`."""
    local = local.astype("datetime64[us]")
    candidates = [local - _offsets(local - _DAY, zone), local - _offsets(local + _DAY, zone)]
    right = [to_local(one, zone) == local for one in candidates]
    before, after = candidates
    first = np.where(right[0] | ~right[1], before, after)
    second = np.where(right[1] | ~right[0], after, before)
    exists = right[0] | right[1]
    earliest, latest = (np.where(exists, one(first, second), first) for one in (np.minimum, np.maximum))
    return Instants(earliest, latest, exists)


def as_datetimes(times: Times, zone: str) -> NDArray[Any]:
    """`times` of UTC as Python's aware datetimes, an array of objects."""
    local = to_local(times, zone)
    earliest = to_utc(local, zone).earliest
    clock = _clock(zone)
    made = np.empty(len(times), object)
    made[:] = [
        one.replace(tzinfo=clock, fold=int(is_second))
        for one, is_second in zip(local.astype(object), times.astype("datetime64[us]") != earliest, strict=True)
    ]
    return made


def offset_zone(offset_us: int) -> str:
    """The zone of a fixed offset: `+02:00`, or UTC."""
    minutes = abs(offset_us) // 60_000_000
    return f"{'-' if offset_us < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"


def is_offset(zone: str | None) -> bool:
    """Whether a zone is a fixed offset, whose clocks never change."""
    return zone is not None and (zone == "UTC" or _OFFSET.fullmatch(zone) is not None)


def _clock(zone: str) -> tzinfo:
    if zone == "UTC":
        return UTC
    found = _OFFSET.fullmatch(zone)
    if found is None:
        try:
            return ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise DataError(
                f"This system does not know the time zone {zone}; install the package tzdata, or convert times to UTC."
            ) from None
    sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def _offsets(times: Times, zone: str) -> NDArray[np.timedelta64]:
    """How far clocks are ahead of UTC at `times` of UTC."""
    if not len(times):
        return np.zeros(0, "timedelta64[us]")
    years = np.unique(times.astype("datetime64[Y]").astype(np.int64) + 1970)
    changes = [_changes_of_year(zone, int(year)) for year in years]
    begins = np.concatenate([begin for begin, _ in changes])
    offsets = np.concatenate([offset for _, offset in changes])
    at = np.searchsorted(begins, times.astype("datetime64[us]"), side="right") - 1
    return np.asarray(offsets[at.clip(min=0)])


@lru_cache(maxsize=1024)
def _changes_of_year(zone: str, year: int) -> tuple[Times, NDArray[np.timedelta64]]:
    """The times of UTC at which an offset begins, the first one at the begin of `year`; and the offsets."""
    clock, known = _clock(zone), min(max(year, _FIRST_YEAR), _LAST_YEAR)
    begin = datetime(known, 1, 1, tzinfo=UTC)
    days = [begin + timedelta(days=number) for number in range(367)]
    found = [day.astimezone(clock).utcoffset() or timedelta(0) for day in days]
    begins, offsets = [np.datetime64(str(year).zfill(4), "us")], [found[0]]
    for day, before, after in zip(days, found, found[1:], strict=False):
        if before != after and known == year:
            begins.append(np.datetime64(_change(day, clock, before).replace(tzinfo=None), "us"))
            offsets.append(after)
    return np.array(begins), np.array([np.timedelta64(one, "us") for one in offsets])


def _change(day: datetime, clock: tzinfo, before: timedelta) -> datetime:
    """The second of the day after `day` at which the offset is no longer `before`."""
    low, high = 0, 86_400
    while high - low > 1:
        middle = (low + high) // 2
        is_before = (day + timedelta(seconds=middle)).astimezone(clock).utcoffset() == before
        low, high = (middle, high) if is_before else (low, middle)
    return day + timedelta(seconds=high)
