"""Rows at any time, brought to one row for each step of a stated frequency, as pandas' `resample` does."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from echoic.types.frequency import Steps


def aggregated(cells: NDArray[np.float64], steps: Steps, length: int, method: str, targets: int) -> NDArray[np.float64]:
    """One row for each of `length` steps `(length, columns)`, NaN where there is no value.

    Args:
        cells: values `(rows, columns)`, the targets first.
        steps: the step of each row, in order.
        length: number of steps.
        method: mean, sum, first, last, min, max, median or count. With sum and count, covariates get their mean, and
            steps without a row have targets of 0.
        targets: number of targets.
    """
    names = [f"{number}" for number in range(cells.shape[1])]
    frame = pl.DataFrame(cells, schema=names).with_columns(pl.Series("step", steps)).fill_nan(None)
    of_covariates = "mean" if method in ("sum", "count") else method
    columns = [_column(name, method if number < targets else of_covariates) for number, name in enumerate(names)]
    found = frame.group_by("step", maintain_order=True).agg(columns)
    grid = np.full((length, cells.shape[1]), np.nan)
    if method in ("sum", "count"):
        grid[:, :targets] = 0.0
    grid[found["step"].to_numpy()] = found.select(names).cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return grid


def _column(name: str, method: str) -> pl.Expr:
    known = pl.col(name).drop_nulls()
    if method in ("first", "last"):
        return known.first() if method == "first" else known.last()
    made: pl.Expr = getattr(known, method)()
    # The sum of nothing is 0 for polars; what is missing stays missing.
    return pl.when(known.len() > 0).then(made) if method == "sum" else made
