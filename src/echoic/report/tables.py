"""HTML tables of the report, with the best value of each column in bold."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Marked:
    """A text in pieces, some of which are marked."""

    pieces: Sequence[tuple[str, bool]]

    def __str__(self) -> str:
        return "".join(text for text, _ in self.pieces)


Cell = str | float | int | Marked | None
Better = Literal["low", "high"] | float
"""The best value of a column: the lowest, the highest, or the one nearest to a number."""


@dataclass(frozen=True)
class Table:
    """A table; a cell without a value is None.

    `goal` defines the best value of columns, by name. `links` are targets on the page for the first cell of each row.
    A collapsed table shows only its title until it is opened.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    goal: Mapping[str, Better] = field(default_factory=dict)
    links: Sequence[str] = ()
    note: str = ""
    collapsed: bool = False


def table_html(table: Table) -> str:
    """The table as HTML, with all text escaped."""
    best = [_best_text(table, column) for column in range(len(table.columns))]
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table.columns)
    body = "\n".join(_row(table, number, best) for number in range(len(table.rows)))
    note = f'<p class="note">{html.escape(table.note)}</p>' if table.note else ""
    title = html.escape(table.title)
    inner = (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>\n{note}'
    )
    if table.collapsed:
        return f"<details><summary>{title}</summary>\n{inner}</details>\n"
    return f"<h3>{title}</h3>\n{inner}\n"


def cell_text(value: Cell) -> str:
    """A cell as text: four significant digits, or a dash for no value."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"  # noqa: RUF001
    if isinstance(value, float):
        return f"{value:.4g}" if 1e-4 <= abs(value) < 1e6 or value == 0 else f"{value:.3e}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _row(table: Table, number: int, best: Sequence[str | None]) -> str:
    cells = []
    for column, value in enumerate(table.rows[number]):
        text = cell_text(value)
        shown = _marked_html(value) if isinstance(value, Marked) else html.escape(text)
        if text == best[column]:
            shown = f"<strong>{shown}</strong>"
        if column == 0 and table.links:
            shown = f'<a href="#{html.escape(table.links[number])}">{shown}</a>'
        kind = ' class="number"' if isinstance(value, int | float) else ""
        cells.append(f'<th scope="row">{shown}</th>' if column == 0 else f"<td{kind}>{shown}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _marked_html(value: Marked) -> str:
    return "".join(f"<mark>{html.escape(text)}</mark>" if mark else html.escape(text) for text, mark in value.pieces)


def _best_text(table: Table, column: int) -> str | None:
    """The text of the best value, so that all cells with equal text are marked."""
    goal = table.goal.get(table.columns[column])
    cells = [row[column] for row in table.rows]
    values = [cell for cell in cells if isinstance(cell, int | float) and math.isfinite(cell)]
    if goal is None or len(values) < 2:
        return None
    if goal == "low":
        return cell_text(min(values))
    if goal == "high":
        return cell_text(max(values))
    return cell_text(min(values, key=lambda value: abs(value - goal)))
