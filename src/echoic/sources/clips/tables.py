"""A table of clips: file and labels per row, and optionally split, fold, group, start and end."""

from pathlib import Path
from typing import NamedTuple

from echoic.config import ClipDataSettings
from echoic.config.numbers import number_in
from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import delimited, parquet
from echoic.sources.clips.found import ReadClips
from echoic.sources.clips.labels import parse_labels
from echoic.sources.clips.sound import ClipReader
from echoic.sources.clips.splits import split_named
from echoic.sources.clips.steps import clips_of_steps
from echoic.sources.table import Table, quoted
from echoic.sources.usable import usable
from echoic.types import Annotations, Series

FILE_COLUMNS = ("file", "path", "filename")


def read_clips(path: Path, settings: ClipDataSettings) -> ReadClips:
    """One series per row of files, or per value of the column `settings.id`, in order.

    Raises:
        ConfigError, DataError: as for `clips_of_files` and `clips_of_steps`.
    """
    table = table_of(path)
    if settings.id is not None:
        return clips_of_steps(table, settings)
    return clips_of_files(table, settings.audio or path.parent, settings)


def clips_of_files(table: Table, folder: Path, settings: ClipDataSettings) -> ReadClips:
    """One series per row, in order; columns `start` and `end`, in seconds, select an excerpt of the file.

    Rows whose file cannot be read, or whose excerpt is outside of it, are skipped, or stop with an error that names
    them, by `settings.on_error`.

    Args:
        table: the rows.
        folder: the folder that paths are relative to.
        settings: the names of the columns, rate and channel.

    Raises:
        ConfigError: a named column does not exist.
        DataError: a row lacks a label or has ambiguous ones; or no file can be used, or one cannot with `on_error` =
            stop.
    """
    settings.refuse_changed(("features",), "on a table of files; name the column of clips with --id.")
    excerpts = [_excerpt(table, number, row, settings) for number, row in enumerate(_rows(table, settings))]
    sounds = ClipReader(settings)

    def clip_of(one: _Excerpt) -> Series:
        try:
            return sounds.clip(folder / one.file, one.file, one.annotations, one.begin_s, one.end_s)
        except DataError as error:
            raise DataError(f"{table.source}, {table.row_name(one.row)}: {str(error).rstrip('.')}.") from None

    return ReadClips(*usable(excerpts, clip_of, settings.on_error, origin=table.source, kind="clips"))


class _Excerpt(NamedTuple):
    """A row: the file of a clip, its annotations, and its begin and end in the file."""

    row: int
    file: str
    annotations: Annotations
    begin_s: float
    end_s: float | None


def _excerpt(table: Table, number: int, row: dict[str, str], settings: ClipDataSettings) -> _Excerpt:
    if not row["file"]:
        raise table.error("the row has no file; fill it in or remove the row.", row=number)
    begin_s, end_s = (seconds_in(table, number, column, row[column]) for column in ("start", "end"))
    annotations = Annotations(
        labels=_labels(table, number, row["label"], settings.label_separator),
        split=split_named(table, number, row["split"]) if row["split"] else None,
        fold=row["fold"] or None,
        group=row["group"] or None,
    )
    return _Excerpt(number, row["file"], annotations, begin_s or 0.0, end_s)


def table_of(path: Path) -> Table:
    """The cells of a CSV or Parquet file."""
    if path.suffix.lower() in {".parquet", ".pq"}:
        return parquet.read_table(path)
    return delimited.read_table(path, TableSettings())


def _rows(table: Table, settings: ClipDataSettings) -> list[dict[str, str]]:
    """The cells of each row by their meaning; empty strings for missing ones."""
    names_in_table = table.dataframe.columns
    file = settings.file or next((name for name in FILE_COLUMNS if name in names_in_table), FILE_COLUMNS[0])
    names = {"file": file, "label": settings.label, "fold": settings.fold, "group": settings.group}
    for meaning, name in names.items():
        if name is not None and name not in names_in_table:
            steps = (
                "; a table with one row per step requires `id` (--id), its column of clips" if meaning == "file" else ""
            )
            raise ConfigError(
                f"`{meaning}`: {table.source} has no column {name!r}; it has {', '.join(map(quoted, names_in_table))}"
                f"{steps}."
            )
    names |= {"split": settings.split_column, "start": "start", "end": "end"}
    columns = {
        meaning: table.texts(name) if name in names_in_table else [""] * table.dataframe.height
        for meaning, name in names.items()
    }
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _labels(table: Table, number: int, cell: str, separator: str | None) -> tuple[str, ...]:
    """The label of a row; with a separator its labels, sorted."""
    try:
        return parse_labels(cell, separator)
    except ValueError as error:
        raise table.error(str(error), row=number) from None


def seconds_in(table: Table, number: int, column: str, cell: str) -> float | None:
    """The seconds in a cell; None in an empty one.

    Raises:
        DataError: there is something else in it.
    """
    if not cell:
        return None
    try:
        return number_in(cell)
    except ValueError:
        raise table.error(f"{quoted(cell)} is not a time in seconds.", row=number, column=column) from None
