"""Parsing of numeric columns; errors name the first invalid cell."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.sources.table import Table, quoted

MISSING = ("", "NA", "NaN", "nan", "null", "None")
"""Cells that denote a missing value."""

_LARGEST = float(np.finfo(np.float32).max)
"""Networks compute in float32, and squares of larger numbers would overflow even float64."""

_WHOLE_ONLY = 2.0**24
"""From here on float32 has whole numbers only."""

_DECIMAL_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"


def numeric_column(table: Table, name: str, decimal: str, remedy: str) -> NDArray[np.float64]:
    """A column as float64 `(rows,)`, NaN where a value is missing.

    `remedy` ends the error of a column that has text only.

    Raises:
        DataError: a cell is no number, is infinite or beyond the range of float32.
    """
    column = table.dataframe[name]
    if column.dtype == pl.String:
        column = _parse(table, column, decimal, remedy)
    elif not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
        raise table.error(f"the column holds {column.dtype} values, not numbers; {remedy}.", column=name)
    values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    infinite = np.abs(values) > _LARGEST
    if infinite.any():
        row = int(infinite.argmax())
        cell = quoted(table.dataframe[name][row])
        raise table.error(f"{cell} is infinite or beyond 3.4e38; correct it or leave it empty.", row=row, column=name)
    return values


def is_coarse(values: NDArray[np.float64], dtype: pl.DataType) -> bool:
    """Whether neighbouring numbers of `dtype` differ by more than a hundredth of the deviation of `values`.

    Equal values count only where float32 has no digits after the point left.
    """
    type_of = np.float32 if dtype == pl.Float32 else np.float64
    largest = np.nanmax(np.abs(values))
    deviation = float(np.nanstd(values))
    return bool(np.spacing(type_of(largest)) > 0.01 * deviation and (deviation > 0 or largest >= _WHOLE_ONLY))


def _parse(table: Table, column: pl.Series, decimal: str, remedy: str) -> pl.Series:
    cells = column.str.strip_chars()
    missing = cells.is_null() | cells.is_in(MISSING)
    texts = cells
    if decimal == ",":  # a point may separate thousands or be a mistake
        texts = cells.str.replace_all(".", "?", literal=True).str.replace(",", ".", literal=True)
    values = texts.cast(pl.Float64, strict=False)
    bad = values.is_null() & ~missing
    if bad.any():
        raise _not_a_number(table, cells, bad, decimal, remedy, text_only=(bad | missing).all())
    return values


def _not_a_number(
    table: Table, cells: pl.Series, bad: pl.Series, decimal: str, remedy: str, *, text_only: bool
) -> DataError:
    row, name = bad.arg_max() or 0, cells.name
    cell = cells[row]
    if decimal == "." and cells.str.contains(_DECIMAL_COMMA)[row]:
        problem = f"{quoted(cell)} has a decimal comma; pass --decimal ,"
    elif decimal == "," and "." in cell:
        problem = f"{quoted(cell)} has a point although --decimal , is given; write it without"
    elif text_only and bad.sum() > 1:
        problem = f"{quoted(cell)} is text like all of the column; {remedy}"
    else:
        problem = f"{quoted(cell)} is not a number; correct it or leave it empty"
    return table.error(f"{problem}.", row=row, column=name)
