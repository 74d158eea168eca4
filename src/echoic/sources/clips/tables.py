"""A table of clips: file and labels per row, and optionally split, fold, group, start and end."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from echoic.config import ClipDataSettings
from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import delimited, parquet
from echoic.sources.clips.sound import ClipReader
from echoic.sources.table import Table, quoted
from echoic.types import Annotations, Series
from echoic.types.annotations import SplitName

FILE_COLUMNS = ("file", "path", "filename")
SPLIT_NAMES: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "dev": "dev",
    "valid": "dev",
    "validation": "dev",
    "val": "dev",
}
SPLIT_NAMES |= {"test": "test", "eval": "test"}


def read_clips(path: Path, settings: ClipDataSettings) -> Sequence[Series]:
    """One series per row, in order; columns `start` and `end`, in seconds, select an excerpt of the file.

    Raises:
        ConfigError: a named column does not exist.
        DataError: a row lacks a label or has ambiguous ones, its file cannot be read, or its excerpt is outside of it.
    """
    table = table_of(path)
    rows = _rows(table, settings)
    sounds = ClipReader(settings)
    folder = settings.audio or path.parent
    clips = []
    for number, row in enumerate(rows):
        if not row["file"]:
            raise table.error("the row has no file; fill it in or remove the row.", row=number)
        labels = _labels(table, number, row["label"], settings.label_separator)
        begin_s, end_s = (_seconds(table, number, row, column) for column in ("start", "end"))
        annotations = Annotations(
            labels=labels,
            split=_split_of(table, number, row),
            fold=row["fold"] or None,
            group=row["group"] or None,
        )
        try:
            clips.append(sounds.clip(folder / row["file"], row["file"], annotations, begin_s or 0.0, end_s))
        except DataError as error:
            raise DataError(f"{table.source}, {table.row_name(number)}: {str(error).rstrip('.')}.") from None
    return clips


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
            raise ConfigError(
                f"`{meaning}`: {table.source} has no column {name!r}; it has {', '.join(map(quoted, names_in_table))}."
            )
    names |= {"split": settings.split_column, "start": "start", "end": "end"}
    columns = {
        meaning: table.dataframe[name].cast(str, strict=False).fill_null("").str.strip_chars().to_list()
        if name in names_in_table
        else [""] * table.dataframe.height
        for meaning, name in names.items()
    }
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _labels(table: Table, number: int, cell: str, separator: str | None) -> tuple[str, ...]:
    """The label of a row; with a separator its labels, sorted."""
    if separator is None:
        if not cell:
            raise table.error("the row has no label; fill it in or remove the row.", row=number)
        return (cell,)
    names = [name.strip() for name in cell.split(separator)] if cell else []
    if "" in names:
        message = f"the labels {quoted(cell)} contain an empty one; remove the extra {separator!r}."
        raise table.error(message, row=number)
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise table.error(f"the row has the label {quoted(repeated[0])} more than once; name it once.", row=number)
    return tuple(sorted(names))


def _seconds(table: Table, number: int, row: dict[str, str], column: str) -> float | None:
    if not row[column]:
        return None
    try:
        return float(row[column])
    except ValueError:
        raise table.error(f"{quoted(row[column])} is not a time in seconds.", row=number, column=column) from None


def _split_of(table: Table, number: int, row: dict[str, str]) -> SplitName | None:
    if not row["split"]:
        return None
    split = SPLIT_NAMES.get(row["split"].lower())
    if split is None:
        raise table.error(f"the split must be train, dev or test, got {quoted(row['split'])}.", row=number)
    return split
