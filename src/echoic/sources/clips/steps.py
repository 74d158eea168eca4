"""A table with one row per step: columns of values, the label, and a column that names the clip of each row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.config import ClipDataSettings
from echoic.errors import ConfigError
from echoic.sources.cells import numeric_column
from echoic.sources.clips.found import ReadClips
from echoic.sources.clips.labels import parse_labels
from echoic.sources.clips.splits import split_named
from echoic.sources.step_columns import StepColumns
from echoic.sources.table import Table, quoted
from echoic.types import Annotations, Series

_REMEDY = "choose the columns of values with --features"


def clips_of_steps(table: Table, settings: ClipDataSettings, *, labelled: bool = True) -> ReadClips:
    """A series `(steps, features)` for each run of rows with the same value in the column `settings.id`, in order.

    Label, split, fold and group must be constant within a clip. Features are `settings.features`, or all columns
    without a role that hold no times.

    Args:
        table: the rows.
        settings: the names of the columns.
        labelled: whether every clip needs a label; otherwise the column of labels is not read.

    Raises:
        ConfigError: a named column does not exist.
        DataError: a row has no clip, a clip comes back after another one, or its label changes.
    """
    settings.refuse_changed(("audio", "file"), "on a table with one row per step (`id`); leave it out.")
    roles = {"id": settings.id, "fold": settings.fold, "group": settings.group}
    if labelled:
        roles["label"] = settings.label
    named = [(role, name) for role, name in roles.items() if name is not None]
    check_named(table, [*named, *(("features", name) for name in settings.features)])
    unused = {settings.label, settings.split_column, *(name for _, name in named)}
    ids = np.array(table.texts(str(settings.id)), object)
    spans = runs_of_rows(table, str(settings.id), ids)
    columns = StepColumns.of(table, settings.features, unused, spans)
    numbers = [numeric_column(table, name, ".", _REMEDY) for name in columns.features]
    values = np.column_stack(numbers).astype(np.float32)
    cells = {role: np.array(table.texts(name), object) for role, name in named}
    if settings.split_column in table.dataframe.columns and labelled:
        cells["split"] = np.array(table.texts(settings.split_column), object)
    clips = [
        Series(
            cells["id"][begin],
            np.ascontiguousarray(values[begin:end]),
            columns.features,
            origin=f"{table.source}, {settings.id} {cells['id'][begin]}",
            annotations=_annotations(table, cells, begin, end, settings),
        )
        for begin, end in spans
    ]
    return ReadClips(clips, (), columns.notes)


def check_named(table: Table, named: Sequence[tuple[str, str]]) -> None:
    """Checks that the table has the columns that settings name, as pairs of setting and column.

    Raises:
        ConfigError: it lacks one.
    """
    for role, name in named:
        if name not in table.dataframe.columns:
            has = ", ".join(map(quoted, table.dataframe.columns))
            raise ConfigError(f"`{role}`: {table.source} has no column {name!r}; it has {has}.")


def runs_of_rows(table: Table, column: str, ids: NDArray[Any], kind: str = "clip") -> list[tuple[int, int]]:
    """The first row of each clip (or recording, the `kind` in messages), and the one after its last.

    Raises:
        DataError: a row belongs to none, or the rows of one are not together.
    """
    if (ids == "").any():
        row = int((ids == "").argmax())
        raise table.error(f"the row belongs to no {kind}; fill it in or remove the row.", row=row, column=column)
    begins = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist()]
    seen = set[str]()
    for begin in begins:
        if ids[begin] in seen:
            raise table.error(
                f"the {kind} {quoted(ids[begin])} has rows after those of another one; sort the rows by {kind}, or "
                f"give every {kind} a name of its own.",
                row=begin,
                column=column,
            )
        seen.add(ids[begin])
    return list(zip(begins, [*begins[1:], len(ids)], strict=True))


def _annotations(
    table: Table, cells: dict[str, NDArray[Any]], begin: int, end: int, settings: ClipDataSettings
) -> Annotations:
    found = {role: _constant(table, role, column, begin, end) for role, column in cells.items() if role != "id"}
    labels = None
    if "label" in found:
        try:
            labels = parse_labels(found["label"], settings.label_separator)
        except ValueError as error:
            raise table.error(str(error), row=begin, column=settings.label) from None
    return Annotations(
        labels=labels,
        split=split_named(table, begin, found["split"]) if found.get("split") else None,
        fold=found.get("fold") or None,
        group=found.get("group") or None,
    )


def _constant(table: Table, role: str, column: NDArray[Any], begin: int, end: int) -> str:
    """The value of a column within a clip."""
    changed = column[begin:end] != column[begin]
    if changed.any():
        row = begin + int(changed.argmax())
        raise table.error(
            f"the {role} changes from {quoted(column[begin])} to {quoted(column[row])} within a clip; give each a clip "
            "of its own.",
            row=row,
        )
    return str(column[begin])
