"""Tables in the terminal."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import accumulate
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from echoic.cli.printing import printable
from echoic.metrics.goals import best_value

_FOLDED = 16
"""Width to which texts may be folded."""

_EDGE = 1
"""Columns of the terminal to the right of a table."""


def print_scores(title: str, methods: Mapping[str, Mapping[str, float]]) -> None:
    """Prints the scores of the model and its baselines, the best of each score in bold.

    A column per method and a row per score, or the other way round where the methods do not fit side by side. Scores
    that do not fit either are printed below the others.
    """
    console = Console()
    scores = list(dict.fromkeys(name for found in methods.values() for name in found))
    cells = {
        score: dict(zip(methods, _marked([found.get(score) for found in methods.values()], score), strict=True))
        for score in scores
    }
    by_score = {score: list(row.values()) for score, row in cells.items()}
    if _least_width(list(methods), by_score) <= console.width:
        console.print(_grid(title, list(methods), by_score, console.width))
        return
    while scores:
        counts = (count for count in range(len(scores), 1, -1))
        fitting = (one for one in counts if _least_width(*_of_methods(methods, cells, scores[:one])) <= console.width)
        blocks = math.ceil(len(scores) / next(fitting, 1))
        shown = math.ceil(len(scores) / blocks)
        console.print(_grid(title, *_of_methods(methods, cells, scores[:shown]), console.width))
        title, scores = "", scores[shown:]


def _of_methods(
    methods: Iterable[str], cells: Mapping[str, Mapping[str, str]], scores: Sequence[str]
) -> tuple[Sequence[str], dict[str, list[str]]]:
    """The headers and rows of a table with a row per method and a column for each of `scores`."""
    return scores, {method: [cells[score][method] for score in scores] for method in methods}


def _least_width(headers: Sequence[str], rows: Mapping[str, Sequence[str]]) -> int:
    """The width of a table in which headers break between words, and nothing else breaks."""
    longest_words = [max(map(len, _header(name).split()), default=1) for name in headers]
    names = max((len(printable(name)) for name in rows), default=0)
    return _total([names, *map(max, longest_words, _cell_widths(headers, rows))])


def _cell_widths(headers: Sequence[str], rows: Mapping[str, Sequence[str]]) -> list[int]:
    columns = zip(*rows.values(), strict=True) if rows else [()] * len(headers)
    return [max((Text.from_markup(cell).cell_len for cell in column), default=1) for column in columns]


def _total(widths: Sequence[int]) -> int:
    return sum(width + 1 for width in widths) + _EDGE


def _header(name: str) -> str:
    return printable(name.replace("_", " "))


def _grid(title: str, headers: Sequence[str], rows: Mapping[str, Sequence[str]], limit: int) -> Table:
    """A table whose headers break between words if they do not fit into the `limit`."""
    table = _table(title)
    table.add_column("", no_wrap=True)
    cell_widths = _cell_widths(headers, rows)
    full = [max(len(_header(name)), width) for name, width in zip(headers, cell_widths, strict=True)]
    is_wide = _total([max((len(printable(name)) for name in rows), default=0), *full]) > limit
    for name, cell_width, width in zip(headers, cell_widths, full, strict=True):
        longest_word = max(map(len, _header(name).split()), default=1)
        table.add_column(
            escape(_header(name)), justify="right", width=max(longest_word, cell_width) if is_wide else width
        )
    for name, row in rows.items():
        table.add_row(escape(printable(name)), *row)
    return table


def _marked(values: Sequence[float | None], score: str) -> list[str]:
    """The values as text, the best in bold."""
    best = best_value(score, [value for value in values if value is not None])
    return [_cell(value, best) for value in values]


def fits(columns: Mapping[str, Sequence[str]]) -> bool:
    """Whether columns of text fit side by side into the terminal, names and all."""
    return sum(_widths(list(columns), list(zip(*columns.values(), strict=True)))) <= Console().width - _EDGE


def print_columns(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Prints a plain table; of columns that do not fit, it says how many there are."""
    console = Console()
    widths = _widths(headers, rows)
    folds = [
        width > _FOLDED and not all(_stays_whole(str(row[one])) for row in rows) for one, width in enumerate(widths)
    ]
    shown = _number_that_fits(widths, folds, console.width - _EDGE)
    table = _table(title)
    for number, header in enumerate(headers[:shown]):
        table.add_column(
            escape(printable(header)),
            justify="left" if number == 0 else "right",
            overflow="fold",
            no_wrap=not folds[number],
        )
    for row in rows:
        table.add_row(*(escape(printable(str(cell))) for cell in row[:shown]))
    console.print(table)
    if shown < len(headers):
        left = len(headers) - shown
        console.print(f"... {left} more column{'s' if left > 1 else ''}; write all with -o FILE", markup=False)


def _widths(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """The width of each column, and of the space before it."""
    return [
        1 + max([len(header), *(len(printable(str(row[number]))) for row in rows)])
        for number, header in enumerate(headers)
    ]


def _number_that_fits(widths: Sequence[int], folds: Sequence[bool], limit: int) -> int:
    """The number of first columns that fit, some of them folded."""
    least = accumulate(_FOLDED if folded else width for width, folded in zip(widths, folds, strict=True))
    return max(1, sum(width <= limit for width in least))


def _stays_whole(text: str) -> bool:
    """Whether this is a number or a time, which nobody can read in two lines."""
    for read in (float, datetime.fromisoformat):
        with suppress(ValueError):
            read(text)
            return True
    return not text


def _table(title: str) -> Table:
    return Table(title=escape(printable(title)), title_justify="left", box=SIMPLE_HEAD, padding=0)


def short_number(value: float, digits: int = 4) -> str:
    """A number with some digits, and a short exponent if it needs one: `0.25`, `1235`, `8.67e17`."""
    mantissa, exponent, power = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(power)}" if exponent else mantissa


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return ""
    text = short_number(value)
    if "e" in text:  # one digit fewer, so that tables of large numbers fit into 80 columns
        text = short_number(value, 3)
    return f"[bold]{text}[/bold]" if value == best else text
