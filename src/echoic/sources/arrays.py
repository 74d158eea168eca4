"""NumPy arrays with one row per step and one column per feature."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from echoic.config.table import TableSettings
from echoic.errors import DataError, ShapeError
from echoic.sources.assemble import assemble
from echoic.sources.base import Dataset
from echoic.sources.table import Table

_SOURCE = "the array"


def read(data: NDArray[Any], settings: TableSettings) -> Dataset:
    """Reads `(steps,)` as feature `y`, `(steps, features)` as `y0`, `y1`, ...

    Raises:
        DataError: the array is empty, does not hold real numbers, or holds infinite ones.
        ShapeError: it has another number of axes.
    """
    if data.ndim not in (1, 2):
        raise ShapeError(f"the array must be `(steps,)` or `(steps, features)`, got {data.shape}.")
    if data.dtype.kind not in "fiub":
        raise DataError(f"{_SOURCE} holds {data.dtype} values, not real numbers; convert it with astype(float).")
    if not data.size:
        raise DataError(f"{_SOURCE} is empty, {data.shape}; give at least one step of one feature.")
    columns = data.reshape(len(data), -1).astype(np.float64).T
    names = ["y"] if len(columns) == 1 else [f"y{number}" for number in range(len(columns))]
    dataframe = pl.DataFrame([pl.Series(name, values) for name, values in zip(names, columns, strict=True)])
    return assemble(Table(dataframe, _SOURCE, "series"), settings)
