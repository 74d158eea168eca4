"""DataFrames of all libraries that narwhals supports: pandas, polars, pyarrow."""

from collections.abc import Mapping
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
    """Reads a DataFrame, a column or a dict of columns; rows are counted from 0 in messages.

    Dates in the index of pandas are the times, unless `settings.time` names a column.

    Raises:
        DataError: `data` is not a DataFrame, or has unsupported values.
    """
    frame, time = with_index_as_column(data) if settings.time is None else (data, None)
    if time is not None:
        settings = settings.model_copy(update={"time": time})
    return assemble(table_of(frame, _SOURCE, "series"), settings)


def table_of(data: Any, source: str, name: str, fingerprint: str | None = None) -> Table:
    """A DataFrame as a table: its columns as numbers, times or text.

    Raises:
        DataError: `data` is no DataFrame, is empty, repeats a column name, or keeps its dates in the index.
    """
    dataframe = _as_dataframe(data, source)
    _check_index(dataframe, source)
    columns = [_column(column).alias(str(column.name)) for column in dataframe.iter_columns()]
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise DataError(f"{source}: two columns have the same name; give columns distinct names.")
    if not columns or not len(columns[0]):
        raise DataError(f"{source} has no rows or no columns; add some.")
    return Table(pl.DataFrame(columns), source, name, fingerprint=fingerprint)


def with_index_as_column(data: Any) -> tuple[Any, str | None]:
    """`data` with the dates in the index of pandas as a column, and the name of that column; None without any."""
    index: Any = getattr(data, "index", None)
    if not hasattr(index, "to_frame"):
        return data, None
    if hasattr(index, "to_timestamp"):  # periods
        index = index.to_timestamp()
    if getattr(index, "dtype", None) is None or index.dtype.kind != "M":
        return data, None
    frame = data.to_frame(name="y" if data.name is None else data.name) if hasattr(data, "to_frame") else data
    time = "time" if index.name is None else str(index.name)
    return frame.set_axis(index.rename(time)).reset_index(), time


def _as_dataframe(data: Any, source: str) -> nw.DataFrame[Any]:
    """A table of any library, a column, or a dict of columns.

    Raises:
        DataError: it is none of these, or two columns have the same name.
    """
    if isinstance(data, Mapping):
        try:
            data = pl.DataFrame({str(name): pl.Series(values) for name, values in data.items()})
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            first = str(error).splitlines()[0]
            raise DataError(f"{source}: the dict has no columns of one length ({first}); correct them.") from None
    try:
        native = nw.from_native(data, allow_series=True)
    except nw.exceptions.DuplicateError:
        raise DataError(f"{source}: two columns have the same name; give columns distinct names.") from None
    except TypeError:
        kind = type(data).__name__
        raise DataError(f"Cannot read data of type {kind}; give a path, an array or a DataFrame.") from None
    if isinstance(native, nw.Series):
        return (native if native.name else native.alias("y")).to_frame()
    return native.collect() if isinstance(native, nw.LazyFrame) else native


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
    if column.dtype.is_integer() and not column.is_null().any():
        return pl.Series(column.to_numpy())
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
