"""Tables in the terminal and in files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from echoic.errors import RunError

_LESS_IS_BETTER = ("mse", "mae", "rmse", "smape", "mase", "owa", "crps")


def print_scores(title: str, model: Mapping[str, float], naive: Mapping[str, Mapping[str, float]]) -> None:
    """The scores of the model above those of the naive forecasts, the best of each column in bold."""
    rows = {"model": model, **naive}
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    best = {
        column: min(row[column] for row in rows.values() if column in row)
        for column in columns
        if column in _LESS_IS_BETTER
    }
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(name, *(_cell(row.get(column), best.get(column)) for column in columns))
    Console().print(table)


def print_columns(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A plain table."""
    table = Table(title=title, title_justify="left")
    for number, header in enumerate(headers):
        table.add_column(header, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Writes columns to a file: Parquet if its name ends so, otherwise CSV.

    Raises:
        RunError: the file cannot be written.
    """
    import polars

    frame = polars.DataFrame(dict(columns))
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            frame.write_parquet(path)
        else:
            frame.write_csv(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error}).") from None


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}"
    return f"[bold]{text}[/bold]" if value == best else text
