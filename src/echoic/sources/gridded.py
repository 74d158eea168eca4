"""From rows to a series: cells on the steps of a grid, the targets and the covariates that are known with them."""

from typing import NamedTuple

import numpy as np

from echoic.sources.resample import aggregated
from echoic.types import Covariates, Series, TimedRows, Values
from echoic.types.frequency import Steps
from echoic.types.timebase import TimeBase


class Columns(NamedTuple):
    """The names of the columns of cells, in their order."""

    target: tuple[str, ...]
    past: tuple[str, ...]
    future: tuple[str, ...]
    static: tuple[str, ...]


def on_grid(name: str, columns: Columns, cells: Values, steps: Steps, time: TimeBase, *, origin: str) -> Series:
    """The series of `cells` `(rows, columns)`, each of which is one of the `steps` of `time`; skipped ones are NaN."""
    grid = np.full((int(steps[-1]) + 1, cells.shape[1]), np.nan)
    grid[steps] = cells
    values, covariates = _parts(columns, cells, steps, grid)
    return Series(name, values, columns.target, time, covariates, origin)


def combined(
    name: str, columns: Columns, rows: TimedRows, steps: Steps, time: TimeBase, method: str, *, origin: str
) -> Series:
    """The series of rows that lie in the `steps` of `time`, those of one step combined by `method`; it keeps them."""
    grid = aggregated(rows.cells, steps, int(steps[-1]) + 1, method, len(columns.target))
    values, covariates = _parts(columns, rows.cells, steps, grid)
    return Series(name, values, columns.target, time, covariates, origin, rows=rows)


def _parts(columns: Columns, cells: Values, steps: Steps, grid: Values) -> tuple[Values, Covariates]:
    """The targets of the steps that are known, and the covariates."""
    ends = np.cumsum([len(names) for names in columns])
    target, past, future, static = (slice(end - len(names), end) for names, end in zip(columns, ends, strict=True))
    known = _known_steps(cells, steps, target, past, future)
    covariates = Covariates(
        past=np.ascontiguousarray(grid[:known, past]),
        past_names=columns.past,
        future=np.ascontiguousarray(grid[:, future]),
        future_names=columns.future,
        static=cells[0, static].copy(),
        static_names=columns.static,
    )
    return np.ascontiguousarray(grid[:known, target]), covariates


def _known_steps(cells: Values, steps: Steps, target: slice, past: slice, future: slice) -> int:
    """The number of steps up to the last target or past covariate, if there are columns that are known ahead.

    Rows after it are of the future, whether their columns have a value or not.
    """
    if future.start == future.stop:
        return int(steps[-1]) + 1
    known = ~np.isnan(cells[:, target]).all(axis=1) | ~np.isnan(cells[:, past]).all(axis=1)
    kept = np.flatnonzero(known)
    return int(steps[kept].max()) + 1 if len(kept) else 0
