"""The columns of a table of events, under the names that tools and challenges give them."""

from collections.abc import Mapping, Sequence

from echoic.sources.table import Table, quoted

NAMES: Mapping[str, Sequence[str]] = {
    "file": ("file", "filename", "path", "audio_file", "notated_path"),
    "onset_s": ("onset_s", "onset", "start_s", "start"),
    "offset_s": ("offset_s", "offset", "end_s", "end"),
    "label": ("label", "event_label"),
}
"""The names of each column, ours first; times are in seconds.

`filename`, `onset`, `offset` and `event_label` are those of DCASE, `audio_file` and `notated_path` those of vak and
crowsetta.
"""

_TIMES = ("file", "onset_s", "offset_s")


def found_columns(table: Table) -> dict[str, str]:
    """The name in the table of each column that it has."""
    there = table.dataframe.columns
    found = {column: next((name for name in names if name in there), None) for column, names in NAMES.items()}
    return {column: name for column, name in found.items() if name is not None}


def has_events(table: Table) -> bool:
    """Whether the table has one row per event: files with onsets and offsets, or a column of onsets in seconds."""
    return "onset_s" in table.dataframe.columns or all(column in found_columns(table) for column in _TIMES)


def event_columns(table: Table, label: str | None) -> dict[str, str]:
    """The name in the table of each of the columns; `label` is that of the labels if the user has named it.

    Raises:
        DataError: there is no such column.
    """
    found = found_columns(table)
    if label is not None and label not in table.dataframe.columns:
        there = ", ".join(map(quoted, table.dataframe.columns))
        raise table.error(f"the table has no column {quoted(label)}, which --label names; it has {there}.")
    if label is not None:
        found["label"] = label
    for column, (_, *others) in NAMES.items():
        if column not in found:
            raise table.error(
                f"the table has no column {quoted(column)} (or {', '.join(others)}); it must have {', '.join(NAMES)}."
            )
    return {column: found[column] for column in NAMES}


def column_notes(columns: Mapping[str, str]) -> list[str]:
    """Which columns have other names than ours."""
    others = [f"{name} as {column}" for column, name in columns.items() if name != column]
    return [f"Columns read by their usual meaning, times in seconds: {', '.join(others)}."] if others else []
