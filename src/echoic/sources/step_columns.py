"""Which columns of a table with one row per step are values, and which are times."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from echoic.sources.dates import is_date_column
from echoic.sources.table import Table

Spans = Sequence[tuple[int, int]]
"""The first row of each clip or recording, and the one after its last."""

_TIMES = re.compile(
    r"(t|times?|timestamps?|date|datetime|ds|seconds|elapsed|steps?|index|row|samples?)([ _](s|ms|us|ns|sec|seconds))?",
    re.IGNORECASE,
)
"""Names of numbers that are times if they rise."""


class StepColumns(NamedTuple):
    """The names of the columns of values, and of those of times, which are no values unless they are chosen."""

    features: tuple[str, ...]
    times: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: Table, chosen: tuple[str, ...], roles: Collection[str | None], spans: Spans) -> "StepColumns":
        """The columns that are `chosen`, or all without one of the `roles` and without times.

        Times are dates, and numbers under a name such as `t` or `time_s` that rise within each of the `spans`.

        Raises:
            DataError: no column is left.
        """
        if chosen:
            return cls(chosen)
        rest = [name for name in table.dataframe.columns if name not in roles]
        times = tuple(name for name in rest if _are_times(table.dataframe[name], spans))
        features = tuple(name for name in rest if name not in times)
        if not features:
            raise table.error("no column of values is left; name some with --features.")
        return cls(features, times)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        if not self.times:
            return ()
        return (f"Times, not used as values: {', '.join(self.times)} (--features would use them).",)


def _are_times(column: pl.Series, spans: Spans) -> bool:
    numbers = column.cast(pl.Float64, strict=False) if not column.dtype.is_temporal() else None
    if numbers is None or numbers.null_count():
        return is_date_column(column)
    if _TIMES.fullmatch(column.name.strip()) is None:
        return False
    distances = np.diff(numbers.to_numpy())
    begins = [begin - 1 for begin, _ in spans if begin]
    return bool((np.delete(distances, begins) > 0).all())
