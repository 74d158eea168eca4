"""New rows combined to the steps of a series that they may continue."""

import numpy as np

from echoic.config.table import TableSettings
from echoic.sources.grid import steps_within
from echoic.sources.gridded import Columns, combined
from echoic.types import Series, TimedRows


def rebinned(before: Series, after: Series, settings: TableSettings) -> Series:
    """`after`, its rows combined to the steps of `before`, so that both share one grid.

    New rows that lie in the last step of `before` are combined with its own rows from before the first of them. An
    earlier step that new rows begin in keeps the value of `before`, which has all of its rows.
    """
    rows = after.rows
    if rows is None or settings.resample is None or settings.freq is None or not before.time.has_dates:
        return after
    steps = steps_within(before.time, settings.freq, rows.times)
    first, last = int(steps[0]), before.steps - 1
    own = before.rows
    if first == last and own is not None:
        is_earlier = (steps_within(before.time, settings.freq, own.times) == last) & (own.times < rows.times[0])
        rows = TimedRows(
            np.concatenate([own.times[is_earlier], rows.times]), np.concatenate([own.cells[is_earlier], rows.cells])
        )
        steps = np.concatenate([np.full(int(is_earlier.sum()), last), steps])
    columns = Columns(
        before.features, before.covariates.past_names, before.covariates.future_names, before.covariates.static_names
    )
    time = before.time.shift(first).in_zone(after.time.zone)
    made = combined(after.name, columns, rows, steps - first, time, settings.resample, origin=after.origin)
    if 0 <= first < last or (first == last and own is None):
        _keep_first(before, made, first)
    return made


def last_rows(one: Series, settings: TableSettings) -> TimedRows | None:
    """The rows of the last step of a series and those after it, if its rows were combined."""
    if one.rows is None or settings.freq is None:
        return None
    is_last = steps_within(one.time, settings.freq, one.rows.times) >= one.steps - 1
    return TimedRows(one.rows.times[is_last], one.rows.cells[is_last])


def _keep_first(before: Series, made: Series, step: int) -> None:
    """Gives the first step of a series that was just made the values that `before` has."""
    made.values[:1] = before.values[step]
    for own, new in (
        (before.covariates.past, made.covariates.past),
        (before.covariates.future, made.covariates.future),
    ):
        if new.shape[1]:
            new[:1] = own[step]
