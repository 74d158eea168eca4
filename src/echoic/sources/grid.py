"""Time grids: rows must be in order, unique, and spaced by one frequency; or are brought to a stated one."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from echoic.sources.table import Table
from echoic.types.calendar_rules import CalendarRule
from echoic.types.counted import counted
from echoic.types.frequency import DAY_US, Frequency, Steps
from echoic.types.timebase import TimeBase, infer, infer_with_gaps
from echoic.types.zones import to_local, to_utc

_HOUR = np.timedelta64(1, "h")


def in_order(
    table: Table, column: str, times: NDArray[Any], rows: Steps, *, zone: str | None, sort: bool, may_repeat: bool
) -> Steps:
    """`rows` of one series in order of time.

    Raises:
        DataError: a time repeats and may not, or a row is out of order and `sort` is false.
    """
    decreasing = times[rows][1:] < times[rows][:-1]
    if decreasing.any():
        if not sort:
            row = int(rows[decreasing.argmax() + 1])
            remedy = _of_names(table, column, times, rows)
            remedy += "pass --sort to sort the rows by time" + _of_clocks(times[row], zone)
            if times.dtype.kind != "M":
                remedy += ", or name another column with --time"
            message = f"{_shown(table, column, times, row, zone)} is earlier than the row before it; {remedy}."
            raise table.error(message, row=row, column=column)
        rows = rows[np.argsort(times[rows], kind="stable")]
    repeated = times[rows][1:] == times[rows][:-1]
    if repeated.any() and not may_repeat:
        first, second = (int(row) for row in rows[repeated.argmax() :][:2])
        remedy = _of_names(table, column, times, rows)
        remedy += "keep one row for each time, or combine them with --freq and --resample"
        remedy += _of_clocks(times[second], zone)
        message = f"{_shown(table, column, times, second, zone)} is also in {table.row_name(first)}; {remedy}."
        raise table.error(message, row=second, column=column)
    return rows


def common_frequency(longest: NDArray[Any], zone: str | None) -> Frequency:
    """The frequency of the longest series, used for short ones where it fits; `SINGLE` for a single row."""
    return infer(longest, zone) or infer_with_gaps(longest, zone)


def base_of(times: NDArray[Any], zone: str | None, common: Frequency) -> TimeBase:
    """The time base of a series with the given times, possibly with gaps: of the `common` frequency where it fits."""
    start = times[0] if times.dtype.kind == "M" else int(times[0])
    base = TimeBase(common, start, 0, zone)
    if np.array_equal(base.times(np.arange(len(times))), times):
        return base
    own = infer(times, zone)
    if own is None and not (base.steps_of(times) >= 0).all():
        own = infer_with_gaps(times, zone)
    return base if own is None else TimeBase(own, start, 0, zone)


def stated_base(table: Table, column: str, times: NDArray[Any], rows: Steps, zone: str | None, name: str) -> TimeBase:
    """The time base of a series in order whose frequency is stated, as `name`.

    Raises:
        DataError: the first time is on no step of it.
        ConfigError: there is no such frequency.
    """
    first = times[rows[0]] if zone is None else to_local(times[rows[:1]], zone)[0]
    rule = CalendarRule.parse(name, first)
    if not rule.is_on_grid(first):
        message = (
            f"{_short(first, None)} is no step of --freq {name}; state another one, or combine rows with --resample."
        )
        raise table.error(message, row=int(rows[0]), column=column)
    return TimeBase(_of_zone(rule, zone), times[rows[0]], 0, zone)


def resampled(times: NDArray[Any], zone: str | None, name: str) -> tuple[TimeBase, Steps]:
    """The time base of the frequency `name`, and the step of it that each of `times`, in order, lies in.

    Raises:
        ConfigError: there is no such frequency.
    """
    local = times if zone is None else to_local(times, zone)
    rule = CalendarRule.parse(name, local[0])
    if rule.is_of_days:
        start, steps = rule.labels(local)
        begin = start if zone is None else to_utc(np.array([start]), zone).earliest[0]
        return TimeBase(_of_zone(rule, zone), begin, 0, zone), steps
    midnight = local[:1].astype("datetime64[D]").astype("datetime64[us]")
    origin = (midnight if zone is None else to_utc(midnight, zone).earliest)[0]
    steps = rule.frequency.steps_after(origin, times)
    begin = rule.frequency.advance(origin, steps[:1])[0]
    return TimeBase(rule.frequency, begin, 0, zone), steps - steps[0]


def steps_within(base: TimeBase, name: str, times: NDArray[Any]) -> Steps:
    """The step of `base`, a series of the frequency `name`, that each of later `times`, in order, lies in.

    As in `resampled`, but on the grid of the series; steps before its first one are negative.
    """
    if base.frequency.is_clock and base.frequency.count % DAY_US:
        return base.frequency.steps_after(base.times(np.arange(1))[0], times)
    start = base.local_times(np.arange(1))[0]
    days = (times if base.zone is None else to_local(times, base.zone)).astype("datetime64[D]")
    near = [int(base.frequency.steps_after(start, days[[end]].astype(start.dtype))[0]) for end in (0, -1)]
    numbers = np.arange(near[0] - 2, near[1] + 3)
    labels = base.local_times(numbers).astype("datetime64[D]")
    at_end = CalendarRule.parse(name, start).at_end
    found = np.searchsorted(labels, days, side="left") if at_end else np.searchsorted(labels, days, side="right") - 1
    return np.asarray(numbers[found])


def positions_on_grid(
    table: Table, column: str, times: NDArray[Any], rows: Steps, base: TimeBase, *, mask_gaps: bool
) -> Steps:
    """The step of each of `rows`; skipped steps are gaps.

    Raises:
        DataError: a time is not on the grid, or there are gaps and `mask_gaps` is false.
    """
    positions = np.arange(len(rows))
    if not np.array_equal(base.times(positions), times[rows]):
        positions = base.steps_of(times[rows])
    if (positions < 0).any():
        row = int(rows[(positions < 0).argmax()])
        first = _shown(table, column, times, int(rows[0]), base.zone)
        remedy = "bring the rows to one frequency with --freq and --resample, or count steps with --time none"
        if base.has_dates and base.zone is not None:
            remedy += ", or name the zone of days with --time-zone"
        place = f"is off the grid of {base.frequency} from {first}"
        if _are_irregular(times[rows]):
            place = f"is at no regular distance: rows are {_distances(times[rows])} apart"
        message = f"{_shown(table, column, times, row, base.zone)} {place}; {remedy}."
        raise table.error(message, row=row, column=column)
    skipped = np.diff(positions) - 1
    if skipped.any() and not mask_gaps:
        gap = int((skipped > 0).argmax())
        before, after = rows[gap], int(rows[gap + 1])
        between = " and ".join(_shown(table, column, times, at, base.zone) for at in (int(before), after))
        remedy = "pass --gaps mask to insert them, or --freq to state another frequency"
        if base.has_dates and times[after] - times[before] <= 2 * _HOUR:
            remedy += _of_clocks(times[after], base.zone)
        missing = counted(int(skipped[gap]), "row")
        are = "is" if skipped[gap] == 1 else "are"
        message = f"{missing} of {base.frequency} {are} missing between {between}; {remedy}."
        raise table.error(message, row=after, column=column)
    return positions


def _of_zone(rule: CalendarRule, zone: str | None) -> Frequency:
    """The frequency of a rule: with a zone, days and weeks are those of its clocks."""
    frequency = rule.frequency
    on_clocks = zone is not None and frequency.unit == "us" and frequency.count % DAY_US == 0
    return Frequency("wall_us", frequency.count) if on_clocks else frequency


def _of_clocks(time: Any, zone: str | None) -> str:
    """A remedy for hours that clocks show twice or never: dates without a time of day have none."""
    has_clock = isinstance(time, np.datetime64) and time != time.astype("datetime64[D]")
    return ", or name the zone of clocks that change with --time-zone" if has_clock and zone is None else ""


def _of_names(table: Table, column: str, times: NDArray[Any], rows: Steps) -> str:
    """The remedy for the rows of several series: a column of few values, each with every time once and in order."""
    for name in table.dataframe.columns:
        values = table.dataframe[name]
        if name == column or values.dtype.is_nested() or values.dtype.is_float() or values.dtype == pl.Object:
            continue
        names, codes = np.unique(values.cast(pl.String).fill_null("")[rows].to_numpy(), return_inverse=True)
        if not 2 <= len(names) <= min(len(rows) // 2, int((~_rise(times[rows])).sum()) + 1):
            continue
        order = np.argsort(codes, kind="stable")
        if _rise(times[rows][order])[np.diff(codes[order]) == 0].all():
            return f"name the column of the series with --id, such as {name}, or "
    return ""


def _rise(times: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(times[1:] > times[:-1])


def _are_irregular(times: NDArray[Any]) -> bool:
    """Whether no distance of neighbouring times is that of at least half of them."""
    _, counts = np.unique(np.diff(times), return_counts=True)
    return bool(times.dtype.kind == "M" and 2 * counts.max() < counts.sum())


def _distances(times: NDArray[Any]) -> str:
    """The shortest and the longest distance of neighbouring times."""
    distances = np.diff(times).astype("timedelta64[us]").astype(np.int64)
    return " to ".join(str(Frequency("us", int(one))) for one in (distances.min(), distances.max()))


def _shown(table: Table, column: str, times: NDArray[Any], row: int, zone: str | None) -> str:
    """The time of a row as the table has it."""
    cell = table.dataframe[column][row]
    return cell.strip() if isinstance(cell, str) else _short(times[row], zone)


def _short(time: Any, zone: str | None) -> str:
    """The time on the clocks of the zone, without trailing zeros: `2024-01-31`, `2024-01-31T12:30`."""
    if not isinstance(time, np.datetime64):
        return str(time)
    local = time if zone is None else to_local(np.array([time]), zone)[0]
    text = str(local.astype("datetime64[us]")).removesuffix(".000000").removesuffix(":00")
    return text.removesuffix("T00:00")
