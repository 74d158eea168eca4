"""DataFrames of all libraries that narwhals supports: pandas, polars, pyarrow."""

from typing import Any

import narwhals as nw
import polars as pl

from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources.assemble import assemble
from echoic.sources.base import Dataset
from echoic.sources.table import Table

_SOURCE = "the DataFrame"


def read(data: Any, settings: TableSettings) -> Dataset:
    """Reads a DataFrame; rows are counted from 0 in messages.

    Raises:
        DataError: `data` is not a DataFrame, or has unsupported values.
    """
    return assemble(table_of(data, _SOURCE, "series"), settings)


def table_of(data: Any, source: str, name: str, fingerprint: str | None = None) -> Table:
    """A DataFrame as a table: its columns as numbers, times or text.

    Raises:
        DataError: `data` is no DataFrame, is empty, repeats a column name, or keeps its dates in the index.
    """
    try:
        dataframe = nw.from_native(data, eager_only=True)
    except nw.exceptions.DuplicateError:
        raise DataError(f"{source}: two columns have the same name; give columns distinct names.") from None
    except TypeError:
        kind = type(data).__name__
        raise DataError(f"Cannot read data of type {kind}; give a path, an array or an eager DataFrame.") from None
    _check_index(dataframe, source)
    columns = [_column(column).alias(str(column.name)) for column in dataframe.iter_columns()]
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise DataError(f"{source}: two columns have the same name; give columns distinct names.")
    if not columns or not len(columns[0]):
        raise DataError(f"{source} has no rows or no columns; add some.")
    return Table(pl.DataFrame(columns), source, name, fingerprint=fingerprint)


def _check_index(dataframe: nw.DataFrame[Any], source: str) -> None:
    """Refuses dates and names in the index of pandas, which would be lost."""
    index = nw.maybe_get_index(dataframe)
    if index is not None and (index.nlevels > 1 or index.dtype.kind not in "iuf"):
        raise DataError(
            f"{source}: its dates or names are in the index; call reset_index() and name their columns (time, id)."
        )


def _column(column: nw.Series[Any]) -> pl.Series:
    native = column.to_native()
    if isinstance(native, pl.Series):
        return native.cast(pl.String) if native.dtype in (pl.Categorical, pl.Enum) else native
    if column.dtype.is_numeric() or column.dtype == nw.Boolean:
        return pl.Series(column.cast(nw.Float64).to_numpy())
    if isinstance(column.dtype, nw.Datetime):
        aware = column.dtype.time_zone is not None
        if aware:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        times = pl.Series(column.to_numpy().astype("datetime64[us]"))
        return times.dt.replace_time_zone("UTC") if aware else times
    cells = zip(column.to_list(), column.is_null().to_list(), strict=True)
    return pl.Series([None if null else str(cell) for cell, null in cells], dtype=pl.String)
