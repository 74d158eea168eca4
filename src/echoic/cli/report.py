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
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Run folders, a study, or several seeds.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            rich_help_panel="Output",
            help="Page to write. Default for one: RUN/report.html.",
        ),
    ] = None,
    training_data: TrainingData = None,
) -> None:
    import echoic
    from echoic.api.report import write_report
    from echoic.api.seed_runs import has_seeds
    from echoic.studies.definition import is_study

    if output is None and len(runs) > 1:
        raise ConfigError("A report of several runs requires an output file; set -o.")
    if training_data is not None and len(runs) > 1:
        raise ConfigError("`--training-data` is supported for the report of one run only.")
    if len(runs) == 1 and is_study(runs[0]):
        typer.echo(printable(str(echoic.load_study(runs[0]).report(output))))
        return
    if len(runs) == 1 and has_seeds(runs[0]):
        seeds = echoic.load_seeds(runs[0], data=training_data).runs
        typer.echo(printable(str(write_report(seeds, output or runs[0] / "report.html"))))
        return
    page = write_report([echoic.load(run, data=training_data) for run in runs], output)
    typer.echo(printable(str(page)))
