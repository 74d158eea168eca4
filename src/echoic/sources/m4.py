"""Files of the M4 competition, with one row per series: its name, then its values."""

from pathlib import Path

import numpy as np
import polars as pl

from echoic.config.table import TableSettings
from echoic.sources.base import DataReport, Dataset
from echoic.sources.cells import numeric_column
from echoic.sources.delimited import read_table
from echoic.sources.roles import refuse_columns
from echoic.sources.table import Table
from echoic.types import Series, Values
from echoic.types.timebase import INDEX

_FEATURE = "y"


def read(data: str | Path, settings: TableSettings) -> Dataset:
    """Reads an M4 file. Empty cells at the end of a row are padding; others are missing values.

    Raises:
        DataError: the file or a cell cannot be read, or a row has no name, a known name or no values.
        ConfigError: a setting names a column.
    """
    refuse_columns(settings, "the M4 format")
    table = read_table(Path(data), settings, short_rows=True)
    names = _names(table)
    columns = table.dataframe.columns[1:]
    if not columns:
        raise table.error("there are no columns of values; each row must have the name of a series and its values.")
    values = np.column_stack([numeric_column(table, column, settings.decimal, "write numbers") for column in columns])
    series = tuple(
        Series(name, np.ascontiguousarray(row[:length, None]), (_FEATURE,), INDEX, origin=table.source)
        for name, row, length in zip(names, values, _lengths(table, values), strict=True)
    )
    return Dataset(series, _report(table, series), table.fingerprint or "", table.source)


def _names(table: Table) -> list[str]:
    column = table.dataframe.columns[0]
    names = table.dataframe[column].fill_null("").str.strip_chars()
    if (names == "").any():
        raise table.error("the series has no name; fill it in.", row=(names == "").arg_max(), column=column)
    if names.is_duplicated().any():
        row = (~names.is_first_distinct()).arg_max() or 0
        raise table.error(f"series {names[row]!r} occurs twice; rename one of them.", row=row, column=column)
    return names.to_list()


def _lengths(table: Table, values: Values) -> list[int]:
    """The number of cells of each row up to the last non-empty one."""
    filled = table.dataframe[:, 1:].select(pl.all().fill_null("").str.strip_chars() != "").to_numpy()
    empty = np.isnan(values).all(axis=1)
    if empty.any():
        raise table.error("the series has no values; fill them in or remove the row.", row=int(empty.argmax()))
    lengths: list[int] = (filled.shape[1] - filled[:, ::-1].argmax(axis=1)).tolist()
    return lengths


def _report(table: Table, series: tuple[Series, ...]) -> DataReport:
    steps = sum(one.steps for one in series)
    missing = sum(int(np.isnan(one.values).sum()) for one in series)
    lowest = min(float(np.nanmin(one.values)) for one in series)
    highest = max(float(np.nanmax(one.values)) for one in series)
    return DataReport(
        rows=table.dataframe.height,
        series=len(series),
        steps=steps,
        values=steps - missing,
        missing={_FEATURE: missing},
        constant=(_FEATURE,) if lowest == highest else (),
        encoding=table.encoding,
        bom=table.bom,
        blank_lines=table.blank_lines,
    )
