"""`echoic predict RUN [FILE...]`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from echoic.cli.eval import RunPath, TrainingData
from echoic.cli.progress import progress_bar
from echoic.cli.tables import print_columns, write_table
from echoic.cli.train import Json

Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write: CSV, or Parquet by its ending.")]
_MOST_SHOWN = 50


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("predict", help=help_text)(predict)


def predict(
    run: RunPath,
    output: Output = None,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE...", help="Data; the run's own by default.")
    ] = None,
    training_data: TrainingData = None,
    as_json: Json = False,
) -> None:
    import numpy as np

    from echoic.jobs import session

    opened = session.load(run, data=training_data)
    with progress_bar() as bar:
        tables = [opened.predict(file) for file in bar.track(files or [None], description="predicting")]
    columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    rows = len(next(iter(columns.values())))
    if output is not None:
        write_table(output, columns)
        typer.echo(f"{output}: {rows} rows", err=True)
    if as_json:
        cells = zip(*(map(_plain, column) for column in columns.values()), strict=True)
        typer.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in cells]))
    elif output is None:
        shown = [[_short(value) for value in row] for row in zip(*columns.values(), strict=True)]
        print_columns(f"{run}: {rows} rows", list(columns), shown[:_MOST_SHOWN])
        if rows > _MOST_SHOWN:
            typer.echo(f"... {rows - _MOST_SHOWN} more; write them all with -o FILE", err=True)


def _plain(value: Any) -> Any:
    """A cell as a JSON value."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value if isinstance(value, int | str) else str(value)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
