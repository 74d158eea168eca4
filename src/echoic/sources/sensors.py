"""Recordings of sensors from tables with one row per step: columns of values, and the label of each row."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from echoic.config import EventDataSettings
from echoic.sources.cells import numeric_column
from echoic.sources.clips.splits import split_named
from echoic.sources.clips.steps import check_named, runs_of_rows
from echoic.sources.event_columns import has_events
from echoic.sources.step_columns import StepColumns
from echoic.sources.step_rate import UNKNOWN_RATE_HZ, StepRate
from echoic.sources.table import Table
from echoic.types import Annotations, Event, Floats, Series

STEP_SETTINGS = ("label", "id", "features", "step_rate_hz")
"""Settings of tables with one row per step."""

_SOUND_SETTINGS = ("audio", "split_table", "rate_hz", "channel")
_REMEDY = "choose the columns of values with --features"


class ReadRecordings(NamedTuple):
    """Recordings, and sentences on how they were read."""

    series: list[Series]
    notes: tuple[str, ...] = ()


class _Rows(NamedTuple):
    """The values `(rows, features)` of a table, the label and split of each row where there are some, the rate."""

    values: Floats
    features: tuple[str, ...]
    labels: Sequence[str] | None
    splits: Sequence[str] | None
    rate_hz: float


def has_steps(table: Table, settings: EventDataSettings) -> bool:
    """Whether the table has one row per step, not one per event."""
    return settings.id is not None or (settings.label in table.dataframe.columns and not has_events(table))


def step_rate_hz(settings: EventDataSettings) -> float:
    """Steps per second; 1 by default, so that times count steps."""
    return settings.step_rate_hz or UNKNOWN_RATE_HZ


def recordings_of_steps(table: Table, settings: EventDataSettings, *, labelled: bool = True) -> ReadRecordings:
    """A series `(steps, features)` for each run of rows of one recording and one split, annotated with its events.

    An event is a run of rows with the same label; rows with an empty label are no event. Without `settings.id` the
    table is one recording. Features are `settings.features`, or all columns without a role
    that hold no times. Without `settings.step_rate_hz`, a column of dates has the rate.

    Args:
        table: the rows.
        settings: the names of the columns, and the rows per second.
        labelled: whether there must be a column of labels; otherwise it is not read.

    Raises:
        ConfigError: a named column does not exist.
        DataError: a value is not a number, a row has no recording, or a recording comes back after another one.
    """
    settings.refuse_changed(_SOUND_SETTINGS, "on a table with one row per step; leave it out.")
    columns = table.dataframe.columns
    named = [("id", settings.id)] if settings.id is not None else []
    named += [("label", settings.label)] if labelled else []
    check_named(table, [*named, *(("features", name) for name in settings.features)])
    splits = table.texts("split") if labelled and "split" in columns else None
    spans = _runs(table, settings, splits)
    found = StepColumns.of(table, settings.features, {settings.id, settings.label, "split"}, spans)
    rate = StepRate.of(table, found.times, spans) if settings.step_rate_hz is None else StepRate(settings.step_rate_hz)
    rows = _Rows(
        np.column_stack([numeric_column(table, name, ".", _REMEDY) for name in found.features]).astype(np.float32),
        found.features,
        table.texts(settings.label) if labelled else None,
        splits,
        rate.hz,
    )
    return ReadRecordings([_recording(table, settings, rows, *span) for span in spans], (*found.notes, *rate.notes))


def events_of_labels(labels: Sequence[str | None], rate_hz: float) -> tuple[Event, ...]:
    """The runs of steps with one label as events; None and empty labels are no event."""
    names = np.array([label or "" for label in labels], object)
    begins = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist()] if len(names) else []
    spans = zip(begins, [*begins[1:], len(names)], strict=True)
    return tuple(Event(begin / rate_hz, end / rate_hz, str(names[begin])) for begin, end in spans if names[begin])


def _runs(table: Table, settings: EventDataSettings, splits: Sequence[str] | None) -> list[tuple[int, int]]:
    """The first row of each recording in each split, and the one after its last."""
    rows = table.dataframe.height
    runs = [(0, rows)]
    if settings.id is not None:
        runs = runs_of_rows(table, settings.id, np.array(table.texts(settings.id), object), "recording")
    begins = {begin for begin, _ in runs}
    if splits is not None:
        begins |= {row for row in range(1, rows) if splits[row] != splits[row - 1]}
    ordered = sorted(begins)
    return list(zip(ordered, [*ordered[1:], rows], strict=True))


def _recording(table: Table, settings: EventDataSettings, rows: _Rows, begin: int, end: int) -> Series:
    name = table.name if settings.id is None else table.texts(settings.id)[begin]
    if rows.splits is not None:
        name = f"{name}, {rows.splits[begin]} from row {begin + 1}"
    annotations = Annotations(
        events=None if rows.labels is None else events_of_labels(rows.labels[begin:end], rows.rate_hz),
        split=split_named(table, begin, rows.splits[begin]) if rows.splits is not None else None,
        step_rate_hz=rows.rate_hz,
    )
    values = np.ascontiguousarray(rows.values[begin:end])
    return Series(name, values, rows.features, origin=f"{table.source}, {name}", annotations=annotations)
