"""The place of each row in time: the series in order, each on a grid of its own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.config.table import TableSettings
from echoic.errors import ConfigError
from echoic.sources.dates import ParsedTimes
from echoic.sources.grid import base_of, common_frequency, in_order, positions_on_grid, resampled, stated_base
from echoic.sources.table import Table
from echoic.sources.zoned import in_utc
from echoic.types.frequency import Steps
from echoic.types.timebase import TimeBase


@dataclass(frozen=True)
class PlacedRows:
    """The rows of one series in order, and the step of each; several rows share a step only when they are combined.

    `times` are those of the rows, if they are combined.
    """

    name: str
    rows: Steps
    steps: Steps
    time: TimeBase
    times: NDArray[Any] | None = None

    @property
    def length(self) -> int:
        """Number of steps, those without a row included."""
        return int(self.steps[-1]) + 1

    @property
    def filled(self) -> int:
        """Number of steps with a row."""
        return int((np.diff(self.steps) > 0).sum()) + 1


def place_in_time(
    table: Table, column: str, groups: list[tuple[str, Steps]], parsed: ParsedTimes, settings: TableSettings
) -> list[PlacedRows]:
    """The rows of each series on the grid of its frequency, which is stated in the settings or that of the rows.

    Raises:
        DataError: a time is repeated, out of order, off the grid or missing.
        ConfigError: settings contradict each other.
    """
    _check(parsed, settings)
    times, zones = in_utc(table, column, parsed, [rows for _, rows in groups], settings.time_zone)
    combine = settings.resample is not None
    series = [
        (name, in_order(table, column, times, rows, zone=zone, sort=settings.sort, may_repeat=combine), zone)
        for (name, rows), zone in zip(groups, zones, strict=True)
    ]
    if settings.freq is not None and combine:
        made = [(name, rows, *resampled(times[rows], zone, settings.freq)) for name, rows, zone in series]
        return [PlacedRows(name, rows, steps, base, times[rows]) for name, rows, base, steps in made]
    if settings.freq is None:
        _, longest, its_zone = max(series, key=lambda one: len(one[1]))
        common = common_frequency(times[longest], its_zone)
        bases = [base_of(times[rows], zone, common) for _, rows, zone in series]
    else:
        bases = [stated_base(table, column, times, rows, zone, settings.freq) for _, rows, zone in series]
    mask = settings.gaps == "mask"
    return [
        PlacedRows(name, rows, positions_on_grid(table, column, times, rows, base, mask_gaps=mask), base)
        for (name, rows, _), base in zip(series, bases, strict=True)
    ]


def _check(parsed: ParsedTimes, settings: TableSettings) -> None:
    if settings.resample is not None and settings.freq is None:
        raise ConfigError(
            "`resample` requires the frequency of the steps to make; name it with --freq, such as h or D."
        )
    if settings.freq is not None and parsed.values.dtype.kind != "M":
        raise ConfigError("`freq` has no effect on whole numbers, whose distance is their own; leave it out.")
