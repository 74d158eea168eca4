"""Tables as read, before columns get their roles."""

from dataclasses import dataclass
from typing import Any

import polars as pl
from numpy.typing import NDArray

from echoic.errors import DataError


@dataclass(frozen=True)
class Table:
    """Columns of text, numbers or times, and the origin of each row.

    `source` is the name of the table in messages. `lines` holds the line of each row in its file, from 1; without it
    rows are counted from 0, as in a DataFrame.
    """

    dataframe: pl.DataFrame
    source: str
    name: str
    lines: NDArray[Any] | None = None
    fingerprint: str | None = None
    ignored: tuple[str, ...] = ()
    encoding: str | None = None
    bom: bool = False
    blank_lines: int = 0

    def texts(self, name: str) -> list[str]:
        """A column as text without spaces around it: whole numbers as such, missing cells as the empty text."""
        column = self.dataframe[name]
        if column.dtype.is_float() and column.drop_nulls().is_finite().all() and (column.drop_nulls() % 1 == 0).all():
            column = column.cast(pl.Int64)  # a missing value makes pandas turn whole numbers into floats
        return column.cast(pl.String, strict=False).fill_null("").str.strip_chars().to_list()

    def row_name(self, row: int) -> str:
        """`line 5` in a file, `row 3` in a DataFrame."""
        return f"row {row}" if self.lines is None else f"line {self.lines[row]}"

    def error(self, message: str, *, row: int | None = None, column: str | None = None) -> DataError:
        """A `DataError` that names the source, the row and the column before `message`."""
        place = self.source
        if row is not None:
            place += f", {self.row_name(row)}"
        if column is not None:
            place += f", column {quoted(column)}"
        return DataError(f"{place}: {message}")


def quoted(cell: object) -> str:
    """A cell for a message: quoted, and truncated if it is long."""
    text = str(cell)
    return repr(text if len(text) <= 40 else text[:37] + "...")
