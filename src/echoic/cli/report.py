"""`echoic report RUN...`."""

from pathlib import Path
from typing import Annotated

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import printable
from echoic.cli.train import TrainingData
from echoic.errors import ConfigError


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("report", cls=GroupedCommand, help=help_text)(report)


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Run folders.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            rich_help_panel="Output",
            help="Page to write. Default for one run: RUN/report.html.",
        ),
    ] = None,
    training_data: TrainingData = None,
) -> None:
    import echoic
    from echoic.api.report import write_report

    if output is None and len(runs) > 1:
        raise ConfigError("A report of several runs requires an output file; set -o.")
    if training_data is not None and len(runs) > 1:
        raise ConfigError("`--training-data` is supported for the report of one run only.")
    page = write_report([echoic.load(run, data=training_data) for run in runs], output)
    typer.echo(printable(str(page)))
