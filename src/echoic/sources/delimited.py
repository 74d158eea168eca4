"""CSV files: a header line and rows with the same number of fields, validated before polars splits them."""

import csv
import io
from pathlib import Path

import polars as pl

from echoic.config.numbers import number_in
from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources.assemble import assemble
from echoic.sources.base import Dataset
from echoic.sources.records import Records, find_records
from echoic.sources.table import Table
from echoic.sources.textfile import TextFile, read_text

_DELIMITERS = ";\t|,"


def read(data: str | Path, settings: TableSettings) -> Dataset:
    """Reads a CSV file.

    Raises:
        DataError: the file or a cell of it cannot be read; the message has file, line, column and remedy.
        ConfigError: the encoding or the delimiter is not allowed.
    """
    table = read_table(Path(data), settings)
    _check_header(table)
    return assemble(_without_unnamed(table), settings)


def read_table(path: Path, settings: TableSettings, *, short_rows: bool = False) -> Table:
    """The cells of a CSV file as text. `short_rows` lets rows end before the last column.

    Raises:
        DataError: the file is not text, has no rows, or a row has more or fewer fields than the header.
        ConfigError: the encoding or the delimiter is not allowed.
    """
    text = read_text(path, settings.encoding)
    delimiter = _delimiter(settings.delimiter, text)
    records = find_records(text.data, delimiter, str(path))
    if not records.filled.any():
        raise DataError(f"{path} holds only blank lines; give a file with a header line and rows.")
    header = int(records.filled.argmax())
    names = _names(text, records, header, delimiter)
    body = _body(records[header + 1 :], len(names))
    if not len(body):
        raise DataError(f"{path} has a header line and no rows below it; add rows.")
    _check_fields(path, body, len(names), short_rows=short_rows)
    return Table(
        _split(text, records[header + 1 :], body, names, delimiter),
        str(path),
        text.name,
        lines=body.lines,
        fingerprint=text.fingerprint,
        encoding=text.encoding,
        bom=text.bom,
        blank_lines=len(records) - 1 - len(body),
    )


def _delimiter(requested: str | None, text: TextFile) -> str:
    """The most frequent of `; tab | ,` in the first line; a tab if there is none, which keeps decimal commas."""
    if requested is not None:
        requested = "\t" if requested in {"tab", "\\t"} else requested
        if len(requested) != 1 or not requested.isascii() or requested.isalnum() or requested in '"\n\r':
            raise ConfigError(f"`delimiter` must be one ASCII character or the word tab, got {requested!r}.")
        return requested
    first = text.data.lstrip(b"\n").split(b"\n", 1)[0].decode()
    outside_quotes = "".join(first.split('"')[::2])
    best = max(_DELIMITERS, key=outside_quotes.count)
    return best if best in outside_quotes else "\t"


def _names(text: TextFile, records: Records, header: int, delimiter: str) -> list[str]:
    line = text.data[records.starts[header] : records.ends[header]].decode()
    cells = next(csv.reader(io.StringIO(line), delimiter=delimiter))
    names = [cell.strip() or f"column_{number}" for number, cell in enumerate(cells, 1)]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise DataError(
                f"{text.path}, line {records.lines[header]}: fields {names.index(name) + 1} and {number + 1} are both "
                f"named {name!r}; give columns distinct names."
            )
    return names


def _body(records: Records, columns: int) -> Records:
    """The rows below the header. In a table of a single column, a blank line between values is a missing value."""
    filled = records.filled
    if columns == 1 and filled.any():
        return records[: int(filled.nonzero()[0][-1]) + 1]
    return records[filled]


def _check_fields(path: Path, body: Records, columns: int, *, short_rows: bool) -> None:
    wrong = body.fields > columns if short_rows else body.fields != columns
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{path}, line {body.lines[row]} has {body.fields[row]} fields, but the header has {columns}; "
            "correct the row, quote fields that hold the delimiter, or name another one with --delimiter."
        )


def _split(text: TextFile, below: Records, body: Records, names: list[str], delimiter: str) -> pl.DataFrame:
    """The rows `body` of all records `below` the header as columns of text."""
    data = text.data[body.starts[0] :]
    if not below.filled.all():  # blank lines are skipped, or are empty cells of a single column
        data = b"\n".join(text.data[start:end] or b'""' for start, end in zip(body.starts, body.ends, strict=True))
    header = delimiter.join(f"{number}" for number in range(len(names)))
    dataframe = pl.read_csv(header.encode() + b"\n" + data, separator=delimiter, infer_schema=False)
    dataframe.columns = names
    return dataframe


def _check_header(table: Table) -> None:
    """Refuses numbers as column names, except 0, 1, 2, ... as written by pandas."""
    names = table.dataframe.columns
    try:
        numbers = [number_in(name) for name in names]
    except ValueError:
        return
    if numbers != list(range(len(names))):
        raise DataError(f"{table.source}: the first line contains numbers instead of column names; add a header line.")


def _without_unnamed(table: Table) -> Table:
    """Drops columns that have no name and are empty (a delimiter at the line's end) or count the rows (an index)."""
    dataframe, dropped = table.dataframe, []
    for number, name in enumerate(dataframe.columns, 1):
        if name != f"column_{number}":
            continue
        column = dataframe[name]
        counts = number == 1 and column.equals(pl.int_range(dataframe.height, eager=True).cast(pl.String))
        if dataframe.width > 1 and (counts or (column.fill_null("").str.strip_chars() == "").all()):
            dropped.append(name)
    ignored = tuple(dropped) if len(dropped) < dataframe.width else ()
    fields = table.__dict__ | {"dataframe": dataframe.drop(ignored), "ignored": ignored}
    return Table(**fields)
