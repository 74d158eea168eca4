"""DataFrames of all libraries that narwhals supports: pandas, polars, pyarrow."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources.assemble import assemble
from echoic.sources.base import Dataset
from echoic.sources.index_numbers import IndexNumbers
from echoic.sources.roles import NO_TIME, resolve_roles
from echoic.sources.table import Table

_SOURCE = "the DataFrame"
_INDEX = "index"
_LONG_ID, _LONG_TIME = "unique_id", "ds"
_UNEVEN = "the index, whose numbers do not rise evenly"


def read(data: Any, settings: TableSettings) -> Dataset:
    """Reads a DataFrame, a column or a dict of columns; rows are counted from 0 in messages.

    Dates in the index of pandas are the times, unless `settings.time` names a column. So are whole numbers that rise
    evenly, if there are no dates and the table has a single series; 0, 1, 2, ... only count the rows.

    Raises:
        DataError: `data` is not a DataFrame, or has unsupported values.
    """
    data = _with_named_index(data, settings)
    frame, time = with_index_as_column(data) if settings.time is None else (data, None)
    if time is not None:
        settings = settings.model_copy(update={"time": time})
    table = table_of(frame, _SOURCE, "series")
    numbers = IndexNumbers.of(data) if settings.time is None else None
    roles = None if numbers is None else resolve_roles(table, settings)
    if numbers is None or roles is None or roles.time is not None or roles.id is not None:
        return assemble(table, settings)
    if not numbers.are_even or _INDEX in table.dataframe.columns:
        return assemble(replace(table, ignored=(*table.ignored, _UNEVEN)), settings)
    frame_with_index = table.dataframe.with_columns(pl.Series(_INDEX, numbers.numbers))
    return assemble(replace(table, dataframe=frame_with_index), settings.model_copy(update={"time": _INDEX}))


def _with_named_index(data: Any, settings: TableSettings) -> Any:
    """`data` with the levels of the index of pandas that settings name as columns; a single level of dates is the time.

    So a run whose times were a column is used on a table that has them in the index.
    """
    index: Any = getattr(data, "index", None)
    if not hasattr(index, "to_frame") or not hasattr(data, "reset_index"):
        return data
    columns, named = getattr(data, "columns", ()), {settings.time, settings.id, _LONG_ID, _LONG_TIME} - {None}
    levels = [name for name in index.names if name in named and name not in columns]
    if levels and (settings.time is not None or settings.id is not None or _LONG_ID in levels):
        return data.reset_index(level=levels)
    is_dates = hasattr(index, "to_timestamp") or getattr(getattr(index, "dtype", None), "kind", None) == "M"
    if is_dates and settings.time not in {None, NO_TIME} and settings.time not in columns:
        return data.set_axis(index.rename(settings.time)).reset_index()
    return data


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
    """`data` with the times in the index of pandas as a column, and the name of that column; None without any.

    Times are dates and periods, and rising whole numbers if the index has a name.
    """
    index: Any = getattr(data, "index", None)
    if not hasattr(index, "to_frame"):
        return data, None
    if hasattr(index, "to_timestamp"):
        index = _begins(index)
    if getattr(getattr(index, "dtype", None), "kind", None) != "M" and not (
        _counts(index) and "ds" not in getattr(data, "columns", ())
    ):
        return data, None
    frame = data.to_frame(name="y" if data.name is None else data.name) if hasattr(data, "to_frame") else data
    time = "time" if index.name is None else str(index.name)
    return frame.set_axis(index.rename(time)).reset_index(), time


def _counts(index: Any) -> bool:
    """Whether an index of pandas has a name and rising whole numbers: others only number the rows."""
    is_whole = getattr(getattr(index, "dtype", None), "kind", None) in {"i", "u"}
    return is_whole and index.name is not None and bool((np.diff(index.to_numpy()) > 0).all())


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
        return pl.Series(column.cast(nw.Float32 if column.dtype == nw.Float32 else nw.Float64).to_numpy())
    zone = getattr(getattr(native, "dtype", None), "tz", None) or getattr(getattr(native, "type", None), "tz", None)
    if zone is not None:
        return _in_zone(pl.Series(_utc(native)), str(zone))
    is_period = hasattr(native, "dt") and hasattr(native.dt, "to_timestamp")
    if is_period or isinstance(column.dtype, nw.Datetime):
        times = _begins(native.dt) if is_period else column
        return pl.Series(times.to_numpy().astype("datetime64[us]"))
    cells = zip(column.to_list(), column.is_null().to_list(), strict=True)
    return pl.Series([None if null else str(cell) for cell, null in cells], dtype=pl.String)


def _begins(periods: Any) -> Any:
    """The first moment of each period of pandas, which warns of periods of business days."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return periods.to_timestamp()


def _utc(native: Any) -> NDArray[np.datetime64]:
    """Aware times of pandas or pyarrow, as those of UTC; narwhals does not know all of their zones."""
    if hasattr(native, "dt"):
        utc = native.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    else:
        utc = native.cast("timestamp[us]").to_numpy()
    return np.asarray(utc, "datetime64[us]")


def _in_zone(utc: pl.Series, zone: str) -> pl.Series:
    """Times of UTC in a zone; those in a fixed offset, which polars has no type for, as text."""
    offset = re.fullmatch(r"(?:UTC|pytz\.FixedOffset\()?([+-]?\d{1,4})(?::(\d{2}))?\)?", zone)
    if offset is None:
        return utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    minutes = int(offset[1]) if offset[2] is None else 60 * abs(int(offset[1])) + int(offset[2])
    sign = "-" if offset[1].startswith("-") else "+"
    local = utc + timedelta(minutes=-abs(minutes) if sign == "-" else minutes)
    return local.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f") + f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
