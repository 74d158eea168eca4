"""Selection tables of Raven: events of one recording with their labels in a column that the user has named."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from echoic.errors import DataError
from echoic.sources.table import quoted

BEGIN, END = "Begin Time (s)", "End Time (s)"

LABEL_COLUMNS = ("Annotation", "Label", "Species", "Common Name", "Species Code")
"""Names of the column of labels, in the order in which they are looked for."""


class Selection(NamedTuple):
    """The cells of an event, and the number of its line."""

    line: int
    begin: str
    end: str
    label: str


def is_selection_table(text: str) -> bool:
    """Whether the first line has the columns of times."""
    heads = text.split("\n", 1)[0].rstrip("\r").split("\t")
    return BEGIN in heads and END in heads


def selections_in(path: Path, text: str, label_column: str | None) -> Iterator[Selection]:
    """The events of a selection table; Raven lists each once for every view, of which the first counts.

    Args:
        path: the file, for errors.
        text: its contents.
        label_column: the column of labels; None: the first of `LABEL_COLUMNS` that there is.

    Raises:
        DataError: there is no such column, or a line has too few cells.
    """
    heads, *lines = (line.rstrip("\r").split("\t") for line in text.split("\n"))
    label = _label_column(path, heads, label_column)
    seen = set[tuple[str, ...]]()
    for number, cells in enumerate(lines, 2):
        if not any(cells):
            continue
        if len(cells) < len(heads):
            raise DataError(f"{path}, line {number}: there are {len(cells)} cells for {len(heads)} columns.")
        row = dict(zip(heads, cells, strict=False))
        event = Selection(number, row[BEGIN], row[END], row[label])
        selection = (row.get("Selection", str(number)), *event[1:])
        if selection not in seen:
            seen.add(selection)
            yield event


def _label_column(path: Path, heads: list[str], given: str | None) -> str:
    wanted = LABEL_COLUMNS if given is None else (given,)
    found = next((name for name in wanted if name in heads), None)
    if found is None:
        raise DataError(
            f"{path}: the selection table has no column {' or '.join(map(quoted, wanted))}; name the column of labels "
            f"with --label: it has {', '.join(map(quoted, heads))}."
        )
    return found
