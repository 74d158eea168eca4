"""Recordings with events, from a table with the columns file, onset_s, offset_s and label, or from label tracks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from echoic.config import EventDataSettings
from echoic.config.numbers import number_in
from echoic.errors import DataError
from echoic.sources.audio import ENDINGS
from echoic.sources.base import Dataset
from echoic.sources.clips.splits import split_named
from echoic.sources.clips.tables import table_of
from echoic.sources.event_columns import column_notes, event_columns
from echoic.sources.label_tracks import TRACK_ENDING, read_tracks
from echoic.sources.recordings import PlacedEvent, assemble_recordings, recordings_dataset
from echoic.sources.sensors import STEP_SETTINGS, has_steps, recordings_of_steps
from echoic.sources.table import Table, quoted
from echoic.sources.unnamed import unnamed_files
from echoic.types import Event, Series
from echoic.types.annotations import SplitName

_STEPS_ALONE = tuple(name for name in STEP_SETTINGS if name != "label")
_FORM = "a table (.csv, .tsv, .parquet) with the columns file, onset_s, offset_s and label"


def read(data: Any, settings: EventDataSettings) -> Dataset:
    """Reads every recording as samples `(samples, 1)`, annotated with its events and, where known, its split.

    A table with one row per step is read by `recordings_of_steps` instead. The recordings are those of the split table,
    which may have no events, or without one those of the events table, in which a row with nothing but a file is a
    recording without events. In a folder they are the sound files with a label track or a selection table beside them.

    Raises:
        DataError: a row or a file cannot be used; the message has the place and the remedy.
    """
    folder = _folder(data, settings)
    if folder is not None:
        tracks = read_tracks(folder, _label_column(settings))
        return assemble_recordings(tracks.events, folder, settings, {}, str(folder), tracks.notes)
    path, table = _table(data)
    if has_steps(table, settings):
        found = recordings_of_steps(table, settings)
        return recordings_dataset(found.series, str(path), found.notes)
    events, splits = _placed(table, settings)
    sounds = settings.audio or path.parent
    unnamed = unnamed_files(sounds, list(events))
    left_out = f"Sound files that the table does not name left out: {unnamed.as_text('file')}"
    remarks = [f"{left_out}; a row in --split-table makes one a recording without events."] if unnamed else []
    remarks += column_notes(event_columns(table, _label_column(settings)))
    return assemble_recordings(events, sounds, settings, splits, str(path), remarks)


def events_by_file(data: Any, settings: EventDataSettings) -> dict[Path, tuple[str, list[PlacedEvent]]]:
    """The events of each sound file under its name, none of which is read.

    Empty for a table with one row per step, and for one that assigns splits.

    Raises:
        DataError: the table cannot be used.
    """
    folder = _folder(data, settings)
    if folder is not None:
        tracks = read_tracks(folder, _label_column(settings))
        return {folder / file: (file, placed) for file, placed in tracks.events.items()}
    path, table = _table(data)
    if has_steps(table, settings):
        return {}
    events, splits = _placed(table, settings)
    return {} if splits else {(settings.audio or path.parent) / file: (file, placed) for file, placed in events.items()}


def _folder(data: Any, settings: EventDataSettings) -> Path | None:
    """The folder of label tracks; None for other data."""
    if not isinstance(data, str | Path) or not Path(data).is_dir():
        return None
    settings.refuse_changed((*_STEPS_ALONE, "audio", "split_table"), "on a folder of label tracks; leave it out.")
    return Path(data)


def _label_column(settings: EventDataSettings) -> str | None:
    """The column of labels, if the user has named one."""
    return None if settings.label == EventDataSettings().label else settings.label


def _table(data: Any) -> tuple[Path, Table]:
    """The place of the events, and their table."""
    if not isinstance(data, str | Path):
        raise DataError("Events must be in one table (.csv, .tsv, .parquet); merge the tables.")
    path = Path(data)
    if path.suffix.lower() in (*ENDINGS, TRACK_ENDING):
        kind = "text" if path.suffix.lower() == TRACK_ENDING else "sound file"
        raise DataError(
            f"{path} is a {kind}; give {_FORM}, or a folder of sound files and label tracks of Audacity or "
            "selection tables of Raven."
        )
    if not path.is_file():
        raise DataError(f"{path}: no such file; give a table (.csv, .tsv, .parquet) of events.")
    return path, table_of(path)


def _placed(table: Table, settings: EventDataSettings) -> tuple[dict[str, list[PlacedEvent]], dict[str, SplitName]]:
    """The events of each file, and the splits that the data assign."""
    settings.refuse_changed(_STEPS_ALONE, "on a table of events; leave it out.")
    rows = _rows(table, event_columns(table, _label_column(settings)))
    splits = _splits_of(table, rows, settings)
    events: dict[str, list[PlacedEvent]] = {file: [] for file in splits or dict.fromkeys(file for file, _ in rows)}
    for number, (file, event) in enumerate(rows):
        if event is not None:
            events[file].append(PlacedEvent(event, f"{table.source}, {table.row_name(number)}"))
    return events, splits


def events_of(recording: Series) -> list[Event]:
    """The events of a recording, in order of time."""
    return list(recording.annotations.events or ())


def _rows(table: Table, columns: Mapping[str, str]) -> list[tuple[str, Event | None]]:
    """The file and the event of each row; None for a row with nothing but a file, which has no events."""
    names = list(columns.values())
    rows = list[tuple[str, Event | None]]()
    for number, cells in enumerate(zip(*(table.texts(name) for name in names), strict=True)):
        file, onset, offset, label = cells
        if file and not any(cells[1:]):
            rows.append((file, None))
            continue
        for name, cell in zip(names, cells, strict=True):
            if not cell:
                raise table.error("the cell is empty; fill it in or remove the row.", row=number, column=name)
        onset_s, offset_s = (_seconds(table, number, *one) for one in zip(names[1:3], (onset, offset), strict=True))
        rows.append((file, Event(onset_s, offset_s, label)))
    return rows


def _columns(table: Table, names: Sequence[str]) -> list[list[str]]:
    missing = [name for name in names if name not in table.dataframe.columns]
    if missing:
        raise table.error(f"the table has no column {quoted(missing[0])}; it must have {', '.join(names)}.")
    return [table.texts(name) for name in names]


def _seconds(table: Table, number: int, column: str, cell: str) -> float:
    try:
        return number_in(cell)
    except ValueError:
        raise table.error(f"{quoted(cell)} is not a time in seconds.", row=number, column=column) from None


def _splits_of(
    table: Table, rows: Sequence[tuple[str, Event | None]], settings: EventDataSettings
) -> dict[str, SplitName]:
    """The split of each file, from the split table or the column `split` of the events; empty without either."""
    if settings.split_table is not None:
        splits = read_splits(settings.split_table)
        for number, (file, _) in enumerate(rows):
            if file not in splits:
                raise table.error(f"the file {quoted(file)} is not in {settings.split_table}.", row=number)
        return splits
    if "split" not in table.dataframe.columns:
        return {}
    splits = dict[str, SplitName]()
    for number, ((file, _), cell) in enumerate(zip(rows, *_columns(table, ("split",)), strict=True)):
        split = split_named(table, number, cell)
        if splits.setdefault(file, split) != split:
            raise table.error(
                f"the row assigns the file {quoted(file)} to a different split than an earlier row.", row=number
            )
    return splits


def read_splits(path: Path) -> dict[str, SplitName]:
    """The split of each file of a split table.

    Raises:
        DataError: the table cannot be read, or a row of it is wrong.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; --split-table must be a table with file and split.")
    table = table_of(path)
    splits: dict[str, SplitName] = {}
    for number, (file, cell) in enumerate(zip(*_columns(table, ("file", "split")), strict=True)):
        if file in splits:
            raise table.error(f"the file {quoted(file)} is listed twice; remove one row.", row=number)
        splits[file] = split_named(table, number, cell)
    return splits
