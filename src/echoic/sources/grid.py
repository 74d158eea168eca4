"""Time grids: rows must be in order, unique, and spaced by one frequency."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.sources.table import Table
from echoic.types.timebase import SINGLE, Frequency, Times, infer_frequency, most_common_frequency

_DAY = Frequency("us", 86_400_000_000)
Rows = NDArray[np.int64]


def in_order(table: Table, column: str, times: Times, rows: Rows, *, sort: bool) -> Rows:
    """`rows` of one series in order of time.

    Raises:
        DataError: a time repeats, or a row is out of order and `sort` is false.
    """
    decreasing = np.diff(times[rows]) < np.timedelta64(0)
    if decreasing.any():
        if not sort:
            row = int(rows[decreasing.argmax() + 1])
            message = f"{_short(times[row])} is earlier than the row before it; pass --sort to sort the rows by time."
            raise table.error(message, row=row, column=column)
        rows = rows[np.argsort(times[rows], kind="stable")]
    repeated = np.diff(times[rows]) == np.timedelta64(0)
    if repeated.any():
        first, second = (int(row) for row in rows[repeated.argmax() :][:2])
        message = f"{_short(times[second])} is also in {table.row_name(first)}; keep one row for each time."
        raise table.error(message, row=second, column=column)
    return rows


def common_frequency(longest: Times) -> Frequency:
    """The frequency of the longest series, used for short ones where it fits; `SINGLE` for a single row."""
    return infer_frequency(longest) or (_most_common(longest) if len(longest) > 1 else SINGLE)


def frequency_of(times: Times, common: Frequency) -> Frequency:
    """The frequency of `times`, possibly with gaps."""
    if np.array_equal(common.advance(times[0], np.arange(len(times))), times):
        return common
    own = infer_frequency(times)
    if own is not None:
        return own
    return common if (_positions(times, common) >= 0).all() else _most_common(times)


def positions_on_grid(
    table: Table, column: str, times: Times, rows: Rows, frequency: Frequency, *, mask_gaps: bool
) -> Rows:
    """The step of each of `rows`; skipped steps are gaps.

    Raises:
        DataError: a time is not on the grid, or there are gaps and `mask_gaps` is false.
    """
    positions = _positions(times[rows], frequency)
    if (positions < 0).any():
        row = int(rows[(positions < 0).argmax()])
        grid = f"{frequency} from {_short(times[rows[0]])}"
        message = f"{_short(times[row])} is off the grid of {grid}; bring the rows to one frequency."
        raise table.error(message, row=row, column=column)
    skipped = np.diff(positions) - 1
    if skipped.any() and not mask_gaps:
        gap = int((skipped > 0).argmax())
        before, after = rows[gap], int(rows[gap + 1])
        between = f"{_short(times[before])} and {_short(times[after])}"
        message = f"{skipped[gap]} rows of {frequency} are missing between {between}; pass --gaps mask to insert them."
        raise table.error(message, row=after, column=column)
    return positions


def _short(time: np.datetime64) -> str:
    """The time without trailing zeros: `2024-01-31`, `2024-01-31T12:30`."""
    text = str(time).removesuffix(".000000").removesuffix(":00")
    return text.removesuffix("T00:00")


def _most_common(times: Times) -> Frequency:
    """The most common frequency; daily rows that never fall on a weekend are business days."""
    most_common, days = most_common_frequency(times), times.astype("datetime64[D]")
    spans_weekend = np.busday_count(days[0], days[-1]) < (days[-1] - days[0]).astype(int)
    business = most_common == _DAY and spans_weekend and np.is_busday(days).all()
    return Frequency("business_day", 1) if business else most_common


def _positions(times: Times, frequency: Frequency) -> Rows:
    """The step of each time, -1 if it is not on the grid."""
    if frequency == SINGLE:
        return np.zeros(len(times), np.int64)
    if frequency.unit == "us":
        steps = (times - times[0]).astype(np.int64) // frequency.count
    elif frequency.unit == "month":
        months = times.astype("datetime64[M]")
        steps = (months - months[0]).astype(np.int64) // frequency.count
    else:
        days: Any = times.astype("datetime64[D]")
        steps = np.busday_count(days[0], days)
    return np.where(frequency.advance(times[0], steps) == times, steps, -1)
