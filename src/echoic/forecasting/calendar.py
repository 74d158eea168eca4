"""Columns of the calendar: known for any number of steps ahead, they join the known-future covariates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.config import CalendarSettings
from echoic.errors import ConfigError, DataError
from echoic.forecasting.holidays import holiday_flags
from echoic.types import Floats, Series
from echoic.types.frequency import Times

_DAY = np.timedelta64(1, "D")


def with_calendar(
    series: Sequence[Series], settings: CalendarSettings, ahead: int, zone: str | None = None
) -> tuple[Series, ...]:
    """The series with the chosen columns of the calendar as further known-future covariates.

    They reach `ahead` steps beyond the series, or as far as known-future covariates that it already has.

    Args:
        series: with timestamps, if `settings` ask for a column.
        settings: as resolved: `calendar` is not None.
        ahead: steps after the series.
        zone: whose clocks and days count; by default those of each series.

    Raises:
        DataError: a series has no timestamps.
        ConfigError: there is no calendar of the holidays.
        MissingExtraError: the package of the holidays is not installed.
    """
    return tuple(_extended(one, settings, ahead, zone) for one in series) if is_used(settings) else tuple(series)


def is_used(settings: CalendarSettings) -> bool:
    """Whether there is a column."""
    return bool(settings.calendar or settings.holidays)


def column_names(settings: CalendarSettings) -> tuple[str, ...]:
    """The names of the columns: a sine and a cosine for each field, and one for the holidays."""
    cyclic = tuple(f"{field} {wave}" for field in settings.calendar or () for wave in ("sine", "cosine"))
    return cyclic + ((f"holidays {settings.holidays}",) if settings.holidays else ())


def calendar_columns(times: Times, settings: CalendarSettings) -> Floats:
    """The columns at `times`, `(times, columns)`, in the order of `column_names`."""
    angles = [2 * np.pi * PHASES[field](times) for field in settings.calendar or ()]
    columns = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    if settings.holidays:
        columns.append(holiday_flags(times, settings.holidays))
    return np.column_stack(columns).astype(np.float32)


def refuse_constant(times: Times, settings: CalendarSettings) -> None:
    """Checks that the fields that the user chose, and holidays, differ among `times`.

    Raises:
        ConfigError: one never does.
    """
    for field in settings.calendar or ():
        if not varies(field, times):
            raise ConfigError(f"`calendar` = {field} has no effect: it is the same in every step; leave it out.")
    if settings.holidays and len(times) > 1 and times[1] - times[0] > _DAY:
        raise ConfigError("`holidays` has no effect with steps of more than a day; leave it out.")


def varies(field: str, times: Times) -> bool:
    """Whether the field differs among `times`."""
    return len(np.unique(PHASES[field](times))) > 1


def _extended(one: Series, settings: CalendarSettings, ahead: int, zone: str | None) -> Series:
    names = column_names(settings)
    if not one.time.has_dates:
        raise DataError(
            f"{one.origin or one.name} has no timestamps, which the inputs {', '.join(names)} of the run require; "
            "name their column with --time."
        )
    given = one.covariates
    steps = len(given.future) if given.future_names else one.steps + ahead
    columns = calendar_columns(one.time.local_times(np.arange(steps), zone), settings)
    future = np.concatenate([given.future, columns], 1) if given.future_names else columns
    return replace(one, covariates=replace(given, future=future, future_names=(*given.future_names, *names)))


def _hour(times: Times) -> NDArray[np.float64]:
    """Since midnight: minutes count too."""
    return np.asarray((times - times.astype("datetime64[D]")) / _DAY)


def _weekday(times: Times) -> NDArray[np.float64]:
    return ((times.astype("datetime64[D]").astype(np.int64) + 3) % 7) / 7  # day 0 was a Thursday


def _day_of_month(times: Times) -> NDArray[np.float64]:
    months = times.astype("datetime64[M]")
    first, next_first = (month.astype("datetime64[D]") for month in (months, months + 1))
    return np.asarray((times.astype("datetime64[D]") - first) / (next_first - first))


def _month(times: Times) -> NDArray[np.float64]:
    return (times.astype("datetime64[M]").astype(np.int64) % 12) / 12


PHASES: Mapping[str, Callable[[NDArray[Any]], NDArray[np.float64]]] = {
    "hour": _hour,
    "weekday": _weekday,
    "day_of_month": _day_of_month,
    "month": _month,
}
"""How much of its day, week, month or year has passed at each time, from 0 (midnight, Monday, the first) to 1."""
