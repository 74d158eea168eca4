"""Recordings with events, from a table with the columns file, onset_s, offset_s and label."""

import hashlib
import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from echoic.config import AudioDataSettings, EventDataSettings
from echoic.errors import DataError
from echoic.sources.audio.decoding import decode_file
from echoic.sources.base import Dataset
from echoic.sources.clips.tables import SPLIT_NAMES, table_of
from echoic.sources.table import Table, quoted
from echoic.types import Annotations, Event, Series
from echoic.types.annotations import EVENT_GRACE_S, SplitName

COLUMNS = ("file", "onset_s", "offset_s", "label")


@dataclass(frozen=True)
class EventReport:
    """Number of recordings, their duration, and the number of events per label."""

    recordings: int
    seconds: float
    rate_hz: int
    labels: dict[str, int]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        return asdict(self) | {"notes": list(self.notes)}


def read(data: Any, settings: EventDataSettings) -> Dataset:
    """Reads every recording as samples `(samples, 1)`, annotated with its events and, where known, its split.

    The recordings are those of the split table, which may have no events, or without one those of the events table.

    Raises:
        DataError: a row or a file cannot be used; the message has the place and the remedy.
    """
    if not isinstance(data, str | Path):
        raise DataError("Events must be in one table (.csv, .parquet); merge the tables.")
    path = Path(data)
    if not path.is_file():
        raise DataError(f"{path}: no such file; give a table (.csv, .parquet) of events.")
    table = table_of(path)
    rows = _rows(table)
    splits = _splits_of(table, rows, settings)
    files = list(splits) or sorted({file for file, _ in rows}, key=[file for file, _ in rows].index)
    rate_hz, recordings = settings.rate_hz, list[Series]()
    rows_of = defaultdict[str, list[tuple[int, Event]]](list)
    for number, (name, event) in enumerate(rows):
        rows_of[name].append((number, event))
    for file in files:
        own_rows = rows_of[file]
        sound = decode_file(
            (settings.audio or path.parent) / file, AudioDataSettings(channel=settings.channel), rate_hz
        )
        rate_hz = sound.rate_hz
        events = _in_order(table, own_rows, len(sound.samples) / rate_hz)
        annotations = Annotations(rate_hz=rate_hz, events=tuple(events), split=splits[file] if splits else None)
        origin = str((settings.audio or path.parent) / file)
        recordings.append(Series(file, sound.samples[:, None], ("sample",), origin=origin, annotations=annotations))
    labels = Counter(event.label for _, event in rows)
    seconds = sum(one.steps for one in recordings) / (rate_hz or 1)
    report = EventReport(len(recordings), seconds, rate_hz or 0, dict(sorted(labels.items())), ())
    return Dataset(tuple(recordings), report, _fingerprint(recordings), str(path))


def events_of(recording: Series) -> list[Event]:
    """The events of a recording, in order of time."""
    return list(recording.annotations.events or ())


def _rows(table: Table) -> list[tuple[str, Event]]:
    columns = _columns(table, COLUMNS)
    rows = []
    for number, (file, onset, offset, label) in enumerate(zip(*columns, strict=True)):
        for name, cell in zip(COLUMNS, (file, onset, offset, label), strict=True):
            if not cell:
                raise table.error("is empty; fill it in or remove the row.", row=number, column=name)
        event = Event(_seconds(table, number, "onset_s", onset), _seconds(table, number, "offset_s", offset), label)
        if not 0 <= event.onset_s < event.offset_s:
            raise table.error(
                f"the event ends at {event.offset_s:g} s and begins at {event.onset_s:g} s; it must begin at 0 s or "
                "later, and end after that.",
                row=number,
            )
        rows.append((file, event))
    return rows


def _columns(table: Table, names: Sequence[str]) -> list[list[str]]:
    missing = [name for name in names if name not in table.dataframe.columns]
    if missing:
        raise table.error(f"has no column {quoted(missing[0])}; it must have {', '.join(names)}.")
    return [table.dataframe[name].cast(str, strict=False).fill_null("").str.strip_chars().to_list() for name in names]


def _seconds(table: Table, number: int, column: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise table.error(f"{quoted(cell)} is not a time in seconds.", row=number, column=column) from None


def _splits_of(table: Table, rows: Sequence[tuple[str, Event]], settings: EventDataSettings) -> dict[str, SplitName]:
    """The split of each file, from the split table or the column `split` of the events; empty without either."""
    if settings.split_table is not None:
        splits = _read_splits(settings.split_table)
        for number, (file, _) in enumerate(rows):
            if file not in splits:
                raise table.error(f"the file {quoted(file)} is not in {settings.split_table}.", row=number)
        return splits
    if "split" not in table.dataframe.columns:
        return {}
    splits = dict[str, SplitName]()
    for number, ((file, _), cell) in enumerate(zip(rows, *_columns(table, ("split",)), strict=True)):
        split = _parse_split(table, number, cell)
        if splits.setdefault(file, split) != split:
            raise table.error(f"assigns the file {quoted(file)} to a different split than an earlier row.", row=number)
    return splits


def _parse_split(table: Table, number: int, cell: str) -> SplitName:
    if cell.lower() not in SPLIT_NAMES:
        raise table.error(f"the split must be train, dev or test, got {quoted(cell)}.", row=number)
    return SPLIT_NAMES[cell.lower()]


def _read_splits(path: Path) -> dict[str, SplitName]:
    """The split of each file of a split table."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; --split-table must be a table with file and split.")
    table = table_of(path)
    splits: dict[str, SplitName] = {}
    for number, (file, cell) in enumerate(zip(*_columns(table, ("file", "split")), strict=True)):
        if file in splits:
            raise table.error(f"the file {quoted(file)} is listed twice; remove one row.", row=number)
        splits[file] = _parse_split(table, number, cell)
    return splits


def _in_order(table: Table, own_rows: Sequence[tuple[int, Event]], length_s: float) -> list[Event]:
    """The events of one file in order of time, checked against its duration and for overlaps."""
    ordered = sorted(own_rows, key=lambda one: one[1])
    for number, event in ordered:
        if event.offset_s > length_s + EVENT_GRACE_S:
            raise table.error(
                f"the event ends at {event.offset_s:g} s, after the end of the file at {length_s:.3f} s.", row=number
            )
    for (_, before), (number, event) in itertools.pairwise(ordered):
        if event.onset_s < before.offset_s - 1e-9:
            raise table.error(
                f"the event at {event.onset_s:g} s begins before that at {before.onset_s:g} s has ended; only one "
                "event at a time is supported.",
                row=number,
            )
    return [event for _, event in ordered]


def _fingerprint(recordings: Sequence[Series]) -> str:
    digest = hashlib.sha256()
    for one in recordings:
        digest.update(repr((one.name, one.annotations, one.steps)).encode())
        digest.update(one.values.tobytes())
    return digest.hexdigest()
