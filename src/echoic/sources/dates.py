"""Timestamps, parsed without guessing: ambiguous formats are refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.sources.periods import parse_periods
from echoic.sources.table import Table, quoted

_ISO = (
    r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:[T ](\d{2}:[0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?)?"
    r" ?(Z|[+-]\d{2}:?[0-5]\d)?$"
)
_DAY = r"^\d{8}$"
_MONTH = r"^(1[89]|2[01])\d{2}(0[1-9]|1[0-2])$"
_WHOLE = r"^[+-]?\d{1,18}$"
_AMBIGUOUS = r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?:\b|T)"
_SWAPPED = r"^(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4}|\d{2})(?:([T ])\d{1,2}:\d{2}(:\d{2})?)?$"
_EPOCH = r"^1\d{9}(\d{3}|\d{6}|\d{9})?(\.\d+)?$"
_TIME_NAMES = {"year", "years", "date", "time", "timestamp", "ds", "t", "step", "steps", "cycle", "index"}
_UNITS_US = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
"""Values of `date_format` for numbers since 1970, and their size in microseconds."""


@dataclass(frozen=True, eq=False)
class ParsedTimes:
    """The times of a column: `values` `(rows,)` in `datetime64[us]`, or whole numbers.

    Values are those of UTC if there is a `zone`, that of the column's type, or `offsets_us`, those of each row.
    """

    values: NDArray[Any]
    zone: str | None = None
    offsets_us: NDArray[np.int64] | None = None


def parse_times(table: Table, name: str, date_format: str | None) -> ParsedTimes:
    """The column as times.

    All rows must be written in the same way: ISO dates or datetimes, `YYYYMMDD`, quarters, months or weeks as in
    `parse_periods`, or `date_format`. Other whole numbers are numbers of steps, not years.

    Raises:
        DataError: a cell is empty, no date, or ambiguous; or some times have an offset and others have none.
    """
    column = table.dataframe[name]
    empty = column.is_null() if column.dtype != pl.String else column.fill_null("").str.strip_chars() == ""
    if empty.any():
        row = empty.arg_max() or 0
        raise table.error("the time is empty; fill it in or remove the row.", row=row, column=name)
    if not _is_textual(column):
        return _from_dtype(table, column)
    cells = _texts(column)
    if date_format in _UNITS_US:
        return _from_number(table, cells, date_format)
    if date_format is not None:
        return _from_format(table, cells, date_format)
    times = _without_punctuation(cells)
    if times is None and cells.str.contains(_WHOLE).all() and not cells.str.contains(_EPOCH).all():
        return ParsedTimes(cells.cast(pl.Int64).to_numpy())
    if times is None:
        times = parse_periods(cells)
    times = _of_distinct(cells, _times) if times is None else times
    if times.null_count():
        raise _not_a_date(table, cells, times.is_null().arg_max() or 0)
    offsets = _of_distinct(cells, _offsets_us)
    if offsets.null_count() == len(cells):
        return ParsedTimes(times.to_numpy())
    if offsets.null_count():
        raise _mixed_offsets(table, cells, offsets.is_null().to_numpy())
    return ParsedTimes(times.to_numpy() - offsets.to_numpy().astype("timedelta64[us]"), None, offsets.to_numpy())


def is_date_column(column: pl.Series) -> bool:
    """Whether every cell is a date; or a whole number larger than the one before, under a name such as `year`."""
    if not _is_textual(column):
        return column.dtype in (pl.Date, pl.Datetime)
    cells = _texts(column.drop_nulls()).drop_nulls()  # NaN and infinity have no text
    if not len(cells):
        return False
    if cells.str.contains(_AMBIGUOUS).all():
        return True
    if cells.str.contains(_WHOLE).all():
        rises = bool((cells.cast(pl.Int64).diff().drop_nulls() > 0).all())
        return (rises and column.name.lower() in _TIME_NAMES) or _without_punctuation(cells) is not None
    times = parse_periods(cells)
    return (_times(cells) if times is None else times).null_count() == 0


def _is_textual(column: pl.Series) -> bool:
    return column.dtype == pl.String or column.dtype.is_numeric()


def _texts(column: pl.Series) -> pl.Series:
    if column.dtype.is_float() and (column == column.round()).all():
        column = column.cast(pl.Int64, strict=False)
    return column.cast(pl.String, strict=False).str.strip_chars().str.replace(r"^([+-]?\d+)\.0+$", "$1")


def _without_punctuation(cells: pl.Series) -> pl.Series | None:
    """Dates such as 20240131 and months such as 202401; None if not all cells are such."""
    for style, rest in ((_DAY, ""), (_MONTH, "01")):
        if cells.str.contains(style).all():
            times = (cells + rest).str.to_datetime("%Y%m%d", time_unit="us", strict=False)
            return None if times.null_count() else times
    return None


def _from_dtype(table: Table, column: pl.Series) -> ParsedTimes:
    if column.dtype not in (pl.Date, pl.Datetime):
        raise table.error(
            f"holds {column.dtype} values, not dates; name another column with --time.", column=column.name
        )
    zone = getattr(column.dtype, "time_zone", None)
    if zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return ParsedTimes(column.cast(pl.Datetime("us")).to_numpy(), zone)


def _of_distinct(cells: pl.Series, read: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What `read` makes of `cells`; of each text once, where many series share their times."""
    distinct = cells.unique()
    if 2 * len(distinct) > len(cells):
        return read(cells)
    table = pl.DataFrame({"cell": distinct, "read": read(distinct)})
    return pl.DataFrame({"cell": cells}).join(table, on="cell", how="left", maintain_order="left")["read"]


def _times(cells: pl.Series) -> pl.Series:
    """The local times of `cells`, null where a cell is not ISO or not in the calendar."""
    cell = pl.col(cells.name)
    groups = [cell.str.extract(_ISO, group) for group in range(7)]
    days = (groups[2].str.zfill(2), pl.lit("-"), groups[3].str.zfill(2))
    clock = (groups[4].fill_null("00:00"), pl.lit(":"), groups[5].fill_null("00"), groups[6].fill_null(""))
    text = pl.concat_str(groups[1], pl.lit("-"), *days, pl.lit("T"), *clock)
    texts = cells.to_frame().select(text.alias(cells.name)).to_series()
    return texts.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)


def _offsets_us(cells: pl.Series) -> pl.Series:
    offset = pl.col(cells.name).str.extract(_ISO, 7).str.replace("Z", "+0000").str.replace(":", "")
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(3, 2).cast(pl.Int64)
    signed = pl.when(offset.str.starts_with("-")).then(-minutes).otherwise(minutes)
    return cells.to_frame().select((signed * 60_000_000).alias(cells.name)).to_series()


def _from_number(table: Table, cells: pl.Series, unit: str) -> ParsedTimes:
    """Numbers since 1970, which are those of UTC."""
    numbers = cells.cast(pl.Float64, strict=False)
    if numbers.null_count():
        row = numbers.is_null().arg_max() or 0
        problem = f"{quoted(cells[row])} is no number, but --date-format {unit} counts from 1970; correct it."
        raise table.error(problem, row=row, column=cells.name)
    whole = cells.cast(pl.Int64, strict=False)
    microseconds = numbers * _UNITS_US[unit] if whole.null_count() or unit == "ns" else whole * int(_UNITS_US[unit])
    return ParsedTimes(microseconds.round().cast(pl.Int64).to_numpy().astype("datetime64[us]"), "UTC")


def _from_format(table: Table, cells: pl.Series, date_format: str) -> ParsedTimes:
    """Python's own `strptime`: polars' lacks formats without a day, such as %m/%Y."""
    times = []
    for row, cell in enumerate(cells):
        try:
            times.append(datetime.strptime(cell, date_format))  # noqa: DTZ007 (an offset is looked at below)
        except ValueError:
            problem = f"{quoted(cell)} does not have the form {date_format!r}; correct it or change --date-format."
            raise table.error(problem, row=row, column=cells.name) from None
    offsets = [time.utcoffset() for time in times]
    naive = np.array([offset is None for offset in offsets])
    if naive.any() and not naive.all():
        raise _mixed_offsets(table, cells, naive)
    if naive.any():
        return ParsedTimes(np.array(times, "datetime64[us]"))
    utc = np.array([time.astimezone(UTC).replace(tzinfo=None) for time in times], "datetime64[us]")
    return ParsedTimes(utc, None, np.array(offsets, "timedelta64[us]").astype(np.int64))


def _mixed_offsets(table: Table, cells: pl.Series, naive: np.ndarray) -> DataError:
    row = int((naive != naive[0]).argmax())
    problem = f"{quoted(cells[row])} mixes times with and without an offset; write all of them the same way."
    return table.error(problem, row=row, column=cells.name)


def _not_a_date(table: Table, cells: pl.Series, row: int) -> DataError:
    cell = cells[row]
    if pl.Series([cell]).str.contains(_AMBIGUOUS)[0]:
        problem = f"is ambiguous, day and month may be swapped; set --date-format, such as {_form_of(cells, cell)}"
    elif pl.Series([cell]).str.contains(_EPOCH)[0]:
        problem = "looks like seconds or milliseconds since 1970; pass --date-format s or --date-format ms"
    elif row > 0:
        problem = "is not a date of the form above it; correct it, or describe all with --date-format"
    else:
        others = [one.name for one in table.dataframe if one.name != cells.name and is_date_column(one)]
        remedy = "write it as 2024-01-31 or as a whole number, describe it with --date-format, or name another column"
        if others:
            remedy = f"name the column of dates with --time, such as {others[0]}"
        problem = f"is not a date; {remedy}"
    return table.error(f"{quoted(cell)} {problem}.", row=row, column=cells.name)


def _form_of(cells: pl.Series, cell: str) -> str:
    """The format of an ambiguous cell: days first, unless a second number above 12 shows another order."""
    matched = re.match(_SWAPPED, cell)
    if matched is None:
        return "%d/%m/%Y"
    _, mark, _, year, clock, seconds = matched.groups()
    later = cells.str.extract(_SWAPPED, 3).cast(pl.Int64, strict=False).max()
    order = ("%m", "%d") if isinstance(later, int) and later > 12 else ("%d", "%m")
    date = mark.join((*order, "%Y" if len(year) == 4 else "%y"))
    if clock is None:
        return date
    return f'"{date}{clock}%H:%M{"" if seconds is None else ":%S"}"'
