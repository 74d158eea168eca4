"""Tables in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from echoic.cli.printing import printable
from echoic.metrics.goals import best_value

_WIDEST = 10_000
"""Columns that a table may have before it is measured against the terminal."""


def print_scores(title: str, methods: Mapping[str, Mapping[str, float]]) -> None:
    """Prints the scores of the model and its baselines, the best of each score in bold.

    A column per method and a row per score, or the other way round where the methods do not fit side by side.
    """
    console = Console()
    scores = list(dict.fromkeys(name for found in methods.values() for name in found))
    cells = {
        score: dict(zip(methods, _marked([found.get(score) for found in methods.values()], score), strict=True))
        for score in scores
    }
    table = _grid(title, list(methods), {score: list(row.values()) for score, row in cells.items()})
    if Measurement.get(console, console.options.update(max_width=_WIDEST), table).minimum > console.width:
        rows = {method: [cells[score][method] for score in scores] for method in methods}
        table = _grid(title, scores, rows)
    console.print(table)


def _grid(title: str, headers: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Table:
    """A table whose headers break between words."""
    table = _table(title)
    table.add_column("", no_wrap=True)
    for name in headers:
        header = escape(printable(name.replace("_", " ")))
        table.add_column(header, justify="right", overflow="fold", min_width=max(map(len, header.split()), default=1))
    for name, row in rows.items():
        table.add_row(escape(printable(name)), *row)
    return table


def _marked(values: Sequence[float | None], score: str) -> list[str]:
    """The values as text, the best in bold."""
    best = best_value(score, [value for value in values if value is not None])
    return [_cell(value, best) for value in values]


def print_columns(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Prints a plain table."""
    table = _table(title)
    for number, header in enumerate(headers):
        table.add_column(escape(printable(header)), justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(escape(printable(str(cell))) for cell in row))
    Console().print(table)


def _table(title: str) -> Table:
    return Table(title=escape(printable(title)), title_justify="left", box=SIMPLE_HEAD, padding=0)


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}"
    if "e" in text:  # one digit fewer, so that tables of large numbers fit into 80 columns
        text = f"{value:.2e}"
    return f"[bold]{text}[/bold]" if value == best else text
