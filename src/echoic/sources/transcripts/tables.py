"""A table of recordings: file and text per row, and optionally group, split, start and end."""

from pathlib import Path

from echoic.config import TranscriptDataSettings
from echoic.config.table import TableSettings
from echoic.errors import ConfigError
from echoic.sources import delimited, parquet
from echoic.sources.clips.splits import split_named
from echoic.sources.clips.tables import FILE_COLUMNS, seconds_in
from echoic.sources.table import Table, quoted
from echoic.sources.transcripts.rows import Found, Row
from echoic.sources.unnamed import unnamed_files

TEXT_COLUMNS = ("text", "sentence", "transcript", "transcription")


def rows_of(path: Path, settings: TranscriptDataSettings, *, labelled: bool = True) -> Found:
    """The rows of a CSV, TSV or Parquet file; columns `start` and `end`, in seconds, select an excerpt of the file.

    Raises:
        ConfigError: a column does not exist.
        DataError: the table cannot be read, or a row names no file or no split.
    """
    is_parquet = path.suffix.lower() in {".parquet", ".pq"}
    table = parquet.read_table(path) if is_parquet else delimited.read_table(path, TableSettings())
    return rows_of_table(table, settings.audio or path.parent, settings, labelled=labelled)


def rows_of_table(table: Table, folder: Path, settings: TranscriptDataSettings, *, labelled: bool = True) -> Found:
    """The rows of a table whose paths are relative to `folder`.

    Raises:
        ConfigError, DataError: as for `rows_of`.
    """
    cells = _columns(table, settings, labelled=labelled)
    rows = []
    for number, (file, text, group, split, start, end) in enumerate(zip(*cells, strict=True)):
        if not file:
            raise table.error("the row has no file; fill it in or remove the row.", row=number)
        begin_s, end_s = (seconds_in(table, number, name, cell) for name, cell in (("start", start), ("end", end)))
        named = split_named(table, number, split) if split else None
        place = f"{table.source}, {table.row_name(number)}"
        rows.append(Row(place, file, folder / file, text, group or None, named, begin_s or 0.0, end_s))
    unnamed = unnamed_files(folder, [row.name for row in rows])
    note = f"Sound files that the table does not name left out: {unnamed.as_text('file')}."
    return Found(rows, (note,) if unnamed else ())


def _columns(table: Table, settings: TranscriptDataSettings, *, labelled: bool) -> list[list[str]]:
    """Files, texts, groups, splits, starts and ends; empty strings for missing cells."""
    there = table.dataframe.columns
    file = settings.file or next((name for name in FILE_COLUMNS if name in there), FILE_COLUMNS[0])
    text = settings.text_column or next((name for name in TEXT_COLUMNS if name in there), TEXT_COLUMNS[0])
    required = {"file": file, "group": settings.group} | ({"text_column": text} if labelled else {})
    for meaning, name in required.items():
        if name is not None and name not in there:
            raise ConfigError(
                f"`{meaning}`: {table.source} has no column {name!r}; it has {', '.join(map(quoted, there))}."
            )
    names = (file, text, settings.group, settings.split_column, "start", "end")
    return [table.texts(name) if name in there else [""] * table.dataframe.height for name in names]
