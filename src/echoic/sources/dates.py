"""Timestamps, parsed without guessing: ambiguous formats are refused."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from echoic.errors import DataError
from echoic.sources.table import Table, quoted
from echoic.types.timebase import Times

_ISO = (
    r"^(\d{4})[-/](\d{2})[-/](\d{2})"
    r"(?:[T ](\d{2}:[0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?)?"
    r" ?(Z|[+-]\d{2}:?[0-5]\d)?$"
)
_MONTH = r"^\d{4}-\d{2}$"
_DIGITS = r"^\d{8}$"
_YEAR = r"^[12]\d{3}(\.0)?$"
_STYLES = (_ISO, _MONTH, _DIGITS, _YEAR)
_AMBIGUOUS = r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b"
_EPOCH = r"^\d{10,}(\.\d+)?$"
_YEAR_NAMES = {"year", "years", "date", "time", "timestamp", "ds"}


def parse_times(table: Table, name: str, date_format: str | None) -> tuple[Times, bool]:
    """The column as `datetime64[us]` `(rows,)`, and whether offsets were converted to UTC.

    All rows must be written in the same way: ISO dates or datetimes, `YYYY-MM`, `YYYYMMDD`, `YYYY` or `date_format`.

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
    if date_format is not None:
        return _from_format(table, cells, date_format)
    style = next((style for style in _STYLES if cells.str.contains(style)[0]), _ISO)
    times = _times(cells, style)
    if times.null_count():
        raise _not_a_date(table, cells, times.is_null().arg_max() or 0)
    offsets = _offsets_us(cells)
    if offsets.null_count() == len(cells):
        return times.to_numpy(), False
    if offsets.null_count():
        raise _mixed_offsets(table, cells, offsets.is_null().to_numpy())
    return times.to_numpy() - offsets.to_numpy().astype("timedelta64[us]"), True


def is_date_column(column: pl.Series) -> bool:
    """Whether every cell is a date; four digits count as years only under a name such as `year`."""
    if not _is_textual(column):
        return column.dtype in (pl.Date, pl.Datetime)
    cells = _texts(column.drop_nulls()).drop_nulls()  # NaN and infinity have no text
    if not len(cells):
        return False
    if cells.str.contains(_AMBIGUOUS).all():
        return True
    style = next((style for style in _STYLES if cells.str.contains(style)[0]), None)
    if style is None or (style == _YEAR and column.name.lower() not in _YEAR_NAMES):
        return False
    return _times(cells, style).null_count() == 0


def _is_textual(column: pl.Series) -> bool:
    return column.dtype == pl.String or column.dtype.is_numeric()


def _texts(column: pl.Series) -> pl.Series:
    if column.dtype.is_float() and (column == column.round()).all():
        column = column.cast(pl.Int64, strict=False)
    return column.cast(pl.String, strict=False).str.strip_chars()


def _from_dtype(table: Table, column: pl.Series) -> tuple[Times, bool]:
    if column.dtype not in (pl.Date, pl.Datetime):
        raise table.error(
            f"holds {column.dtype} values, not dates; name another column with --time.", column=column.name
        )
    utc = getattr(column.dtype, "time_zone", None) is not None
    if utc:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.cast(pl.Datetime("us")).to_numpy(), utc


def _times(cells: pl.Series, style: str) -> pl.Series:
    """The local times of `cells`, null where a cell is not of that style or not in the calendar."""
    cell = pl.col(cells.name)
    if style == _ISO:
        groups = [cell.str.extract(_ISO, group) for group in range(7)]
        clock = (groups[4].fill_null("00:00"), pl.lit(":"), groups[5].fill_null("00"), groups[6].fill_null(""))
        text = pl.concat_str(groups[1], pl.lit("-"), groups[2], pl.lit("-"), groups[3], pl.lit("T"), *clock)
    else:
        digits = cell.str.replace(r"\.0$", "").str.replace_all("-", "") + "0101"
        date = digits.str.slice(0, 8).str.replace(r"^(\d{4})(\d{2})(\d{2})$", "${1}-${2}-${3}")
        text = pl.when(cell.str.contains(style)).then(date + "T00:00:00")
    texts = cells.to_frame().select(text.alias(cells.name)).to_series()
    return texts.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)


def _offsets_us(cells: pl.Series) -> pl.Series:
    offset = pl.col(cells.name).str.extract(_ISO, 7).str.replace("Z", "+0000").str.replace(":", "")
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(3, 2).cast(pl.Int64)
    signed = pl.when(offset.str.starts_with("-")).then(-minutes).otherwise(minutes)
    return cells.to_frame().select((signed * 60_000_000).alias(cells.name)).to_series()


def _from_format(table: Table, cells: pl.Series, date_format: str) -> tuple[Times, bool]:
    """Python's own `strptime`: polars' lacks formats without a day, such as %m/%Y."""
    times = []
    for row, cell in enumerate(cells):
        try:
            times.append(datetime.strptime(cell, date_format))  # noqa: DTZ007 (an offset is looked at below)
        except ValueError:
            problem = f"{quoted(cell)} does not have the form {date_format!r}; correct it or change --date-format."
            raise table.error(problem, row=row, column=cells.name) from None
    naive = np.array([time.tzinfo is None for time in times])
    if naive.any() and not naive.all():
        raise _mixed_offsets(table, cells, naive)
    if not naive.any():
        times = [time.astimezone(UTC).replace(tzinfo=None) for time in times]
    return np.array(times, "datetime64[us]"), not naive.any()


def _mixed_offsets(table: Table, cells: pl.Series, naive: np.ndarray) -> DataError:
    row = int((naive != naive[0]).argmax())
    problem = f"{quoted(cells[row])} mixes times with and without an offset; write all of them the same way."
    return table.error(problem, row=row, column=cells.name)


def _not_a_date(table: Table, cells: pl.Series, row: int) -> DataError:
    cell = cells[row]
    if pl.Series([cell]).str.contains(_AMBIGUOUS)[0]:
        problem = "is ambiguous, day and month may be swapped; set --date-format, such as %d/%m/%Y"
    elif pl.Series([cell]).str.contains(_EPOCH)[0]:
        problem = "looks like seconds or milliseconds since 1970; convert it to dates such as 2024-01-31T12:00:00"
    elif row > 0:
        problem = "is not a date of the form above it; correct it, or describe all with --date-format"
    else:
        problem = "is not a date; write it as 2024-01-31, or describe it with --date-format"
    return table.error(f"{quoted(cell)} {problem}.", row=row, column=cells.name)
