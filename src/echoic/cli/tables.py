"""Tables in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from echoic.metrics.goals import best_value


def print_scores(title: str, columns: Mapping[str, Mapping[str, float]]) -> None:
    """A column per method (the model and its baselines), a row per score; the best of a row in bold."""
    table = _table(title)
    table.add_column("", no_wrap=True)
    for name in columns:
        # Breaks headers into lines between words, where there are many columns.
        header = name.replace("_", " ")
        table.add_column(header, justify="right", overflow="fold", min_width=max(map(len, header.split()), default=1))
    for score in dict.fromkeys(name for scores in columns.values() for name in scores):
        values = [scores.get(score) for scores in columns.values()]
        best = best_value(score, [value for value in values if value is not None])
        table.add_row(score, *(_cell(value, best) for value in values))
    Console().print(table)


def print_columns(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Prints a plain table."""
    table = _table(title)
    for number, header in enumerate(headers):
        table.add_column(header, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    Console().print(table)


def _table(title: str) -> Table:
    return Table(title=escape(title), title_justify="left", box=SIMPLE_HEAD, padding=0)


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}"
    if "e" in text:  # one digit fewer, so that tables of large numbers fit into 80 columns
        text = f"{value:.2e}"
    return f"[bold]{text}[/bold]" if value == best else text
