"""Tables in the terminal."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
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

_FOLDED = 16
"""Width to which texts may be folded."""


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


def fits(columns: Mapping[str, Sequence[str]]) -> bool:
    """Whether columns of text fit side by side into the terminal, names and all."""
    return sum(_widths(list(columns), list(zip(*columns.values(), strict=True)))) <= Console().width


def print_columns(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Prints a plain table; of columns that do not fit, it says how many there are."""
    console = Console()
    shown = _number_that_fits(_widths(headers, rows), console.width)
    table = _table(title)
    for number, header in enumerate(headers[:shown]):
        is_text = number == 0 or not all(_is_number(str(row[number])) for row in rows)
        table.add_column(
            escape(printable(header)),
            justify="left" if number == 0 else "right",
            overflow="fold",
            no_wrap=not is_text,
        )
    for row in rows:
        table.add_row(*(escape(printable(str(cell))) for cell in row[:shown]))
    console.print(table)
    if shown < len(headers):
        console.print(f"... {len(headers) - shown} more columns; write all with -o FILE", markup=False)


def _widths(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """The width of each column, and of the space before it."""
    return [
        1 + max([len(header), *(len(printable(str(row[number]))) for row in rows)])
        for number, header in enumerate(headers)
    ]


def _number_that_fits(widths: Sequence[int], limit: int) -> int:
    """The number of first columns that fit; wide ones may be folded."""
    least = accumulate(min(width, _FOLDED) for width in widths)
    return max(1, sum(width <= limit for width in least))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return not text
    return True


def _table(title: str) -> Table:
    return Table(title=escape(printable(title)), title_justify="left", box=SIMPLE_HEAD, padding=0)


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}"
    if "e" in text:  # one digit fewer, so that tables of large numbers fit into 80 columns
        text = f"{value:.2e}"
    return f"[bold]{text}[/bold]" if value == best else text
