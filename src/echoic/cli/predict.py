"""`echoic predict RUN [FILE...]`."""

from pathlib import Path
from typing import Annotated

import typer

from echoic.cli.eval import RunPath, TrainingData
from echoic.cli.tables import write_table

Output = Annotated[Path, typer.Option("--output", "-o", help="File to write: CSV, or Parquet by its ending.")]


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("predict", help=help_text)(predict)


def predict(
    run: RunPath,
    output: Output,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE...", help="Data; the run's own by default.")
    ] = None,
    training_data: TrainingData = None,
) -> None:
    import numpy as np

    from echoic.jobs import session

    opened = session.load(run, data=training_data)
    tables = [opened.predict(file) for file in files] if files else [opened.predict()]
    columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    write_table(output, columns)
    typer.echo(f"{output}: {len(columns['mean'])} rows", err=True)
