"""The times of each series in UTC, from what its rows say and the zone of the settings."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.errors import ConfigError
from echoic.sources.dates import ParsedTimes
from echoic.sources.table import Table
from echoic.types.frequency import Steps, Times
from echoic.types.zones import offset_zone, to_utc


def in_utc(
    table: Table, column: str, parsed: ParsedTimes, groups: Sequence[Steps], setting: str | None
) -> tuple[NDArray[Any], list[str | None]]:
    """The times of all rows, those of UTC if there are zones, and the zone of each group of rows, a series each.

    A time that clocks show twice in autumn is the first of the two in the first row that has it, and the second in the
    second; if one row alone has it, the one that follows the row before.

    Raises:
        DataError: clocks skip a time in spring.
        ConfigError: the settings name a zone, and the times are whole numbers.
    """
    zones = [_zone_of(parsed, rows, setting) for rows in groups]
    if setting is None or parsed.zone is not None or parsed.offsets_us is not None:
        return parsed.values, zones
    earliest, latest, exists = to_utc(parsed.values, setting)
    if not exists.all():
        problem = f"clocks in {setting} skip this time when they are put forward; correct it, or --time-zone."
        raise table.error(problem, row=int((~exists).argmax()), column=column)
    times = earliest.copy()
    is_twice = earliest != latest
    for rows in groups:
        if is_twice[rows].any():
            times[rows] = _distinguished(parsed.values[rows], earliest[rows], latest[rows])
    return times, zones


def _zone_of(parsed: ParsedTimes, rows: Steps, setting: str | None) -> str | None:
    """The zone of a series: that of the settings, of the column, or the offset of its last time."""
    if parsed.values.dtype.kind != "M":
        if setting is not None:
            raise ConfigError("`time_zone` has no effect on whole numbers; leave it out.")
        return None
    if setting is not None or parsed.offsets_us is None:
        return setting or parsed.zone
    return offset_zone(int(parsed.offsets_us[rows[parsed.values[rows].argmax()]]))


def _distinguished(values: Times, earliest: Times, latest: Times) -> Times:
    """Which of two possible times each of the local `values` of a series is."""
    found = earliest.copy()
    usual = _usual_distance(earliest)
    twice = np.flatnonzero(earliest != latest)
    is_repeated, is_second = _repeated(values[twice])
    for at, repeated, second in zip(twice, is_repeated, is_second, strict=True):
        if second or (not repeated and at > 0 and _is_second(found[at - 1], earliest[at], latest[at], usual)):
            found[at] = latest[at]
    return found


def _usual_distance(times: Times) -> np.timedelta64:
    """The most common distance of neighbouring times."""
    distances = np.diff(times)
    distances, counts = np.unique(distances[distances > np.timedelta64(0)], return_counts=True)
    return distances[counts.argmax()] if len(counts) else np.timedelta64(0, "us")


def _is_second(before: np.datetime64, earliest: np.datetime64, latest: np.datetime64, usual: np.timedelta64) -> bool:
    """Whether the second of two possible times follows `before` as the others follow one another, and the first not."""
    if earliest - before == usual:
        return False
    return bool(latest - before == usual or earliest <= before < latest)


def _repeated(values: Times) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each value occurs more than once, and whether it is not the first of them."""
    _, first, index, counts = np.unique(values, return_index=True, return_inverse=True, return_counts=True)
    return counts[index] > 1, first[index] != np.arange(len(values))
