"""Steps per second of recordings of sensors, by the columns of times in their table."""

from typing import NamedTuple, Self

import numpy as np
import polars as pl

from echoic.sources.dates import is_date_column, parse_times
from echoic.sources.step_columns import Spans
from echoic.sources.table import Table

UNKNOWN_RATE_HZ = 1.0
"""Without a rate, times count steps."""

_TOLERANCE = 0.01
"""Relative difference between the distances of steps at one rate."""


class StepRate(NamedTuple):
    """Steps per second, and a sentence on where they come from."""

    hz: float = UNKNOWN_RATE_HZ
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: Table, times: tuple[str, ...], spans: Spans) -> Self:
        """The rate of the first column of dates, if they are evenly spaced; numbers do not say in which unit they are.

        Raises:
            DataError: a date cannot be read.
        """
        for name in times:
            column = table.dataframe[name]
            is_dates = column.dtype.is_temporal() or (column.dtype == pl.String and is_date_column(column))
            seconds = _seconds(table, name) if is_dates else column.cast(pl.Float64).to_numpy()
            distances = np.concatenate([np.diff(seconds[begin:end]) for begin, end in spans])
            if not len(distances) or not 0 < np.median(distances) < np.inf:
                continue
            hz = float(f"{1 / np.median(distances):.6g}")
            is_even = bool((np.abs(distances * hz - 1) < _TOLERANCE).all())
            if is_dates and is_even:
                return cls(hz, (f"{hz:g} steps per second, by the column {name!r}.",))
            if is_dates:
                return cls(notes=(f"Times count steps: the column {name!r} is not evenly spaced.",))
            if is_even and hz != UNKNOWN_RATE_HZ:
                return cls(
                    notes=(f"Times count steps; if the column {name!r} is in seconds, pass --step-rate-hz {hz:g}.",)
                )
        return cls()


def _seconds(table: Table, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    times = parse_times(table, name, None).values
    return (times - times[0]) / np.timedelta64(1, "s") if times.dtype.kind == "M" else times.astype(np.float64)
