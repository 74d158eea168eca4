"""Arrays and tensors with one row per step and one column per feature, and lists of them."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from echoic.config.table import TableSettings
from echoic.errors import DataError, ShapeError
from echoic.sources.assemble import assemble
from echoic.sources.base import Dataset
from echoic.sources.memory import as_array, as_items, is_array
from echoic.sources.table import Table

_SOURCE = "the array"
_ID = "unique_id"


def read(data: Any, settings: TableSettings) -> Dataset:
    """Reads `(steps,)` as feature `y`, `(steps, features)` as `y0`, `y1`, ...; a list of such is one series each.

    Raises:
        DataError: the array is empty, does not hold real numbers, or holds infinite ones.
        ShapeError: it has another number of axes, or the arrays of a list differ in their features.
    """
    if is_array(data):
        return assemble(Table(_frame(as_array(data, _SOURCE), _SOURCE), _SOURCE, "series"), settings)
    names = [f"series {number}" for number in range(len(data))]
    frames = [
        _frame(array, f"{_SOURCE} of {name}").select(pl.lit(name).alias(_ID), pl.all())
        for name, array in zip(names, as_items(data, "the list"), strict=True)
    ]
    for name, frame in zip(names, frames, strict=True):
        if frame.columns != frames[0].columns:
            widths = frame.width - 1, frames[0].width - 1
            raise ShapeError(f"{_SOURCE} of {name} has {widths[0]} features, but that of series 0 has {widths[1]}.")
    by_name = settings.model_copy(update={"format": "long", "id": _ID})
    return assemble(Table(pl.concat(frames), "the list", "series"), by_name)


def _frame(array: NDArray[Any], place: str) -> pl.DataFrame:
    if array.ndim not in (1, 2):
        raise ShapeError(f"{place} must be `(steps,)` or `(steps, features)`, got {array.shape}.")
    if not array.size:
        raise DataError(f"{place} is empty, {array.shape}; give at least one step of one feature.")
    precision = np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64
    columns = array.reshape(len(array), -1).astype(precision).T
    names = ["y"] if len(columns) == 1 else [f"y{number}" for number in range(len(columns))]
    return pl.DataFrame([pl.Series(name, values) for name, values in zip(names, columns, strict=True)])
