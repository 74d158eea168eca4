"""`echoic drift GENERATED --against REAL`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import say
from echoic.cli.progress import progress_bar
from echoic.cli.tables import print_scores
from echoic.cli.train import Json


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("drift", cls=GroupedCommand, help=help_text)(drift)


def drift(
    generated: Annotated[
        Path, typer.Argument(metavar="GENERATED", help="Folder of generated sound, one file per stream.")
    ],
    against: Annotated[Path, typer.Option(metavar="PATH", help="Folder of real sound that was not used in training.")],
    training: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Folder of the training sound, to look for copies of it.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PATH", rich_help_panel="Output", help="HTML page to write."),
    ] = None,
    as_json: Json = False,
) -> None:
    from echoic.drift.page import write_drift_page
    from echoic.drift.report import measure_drift

    with progress_bar() as bar:
        task = bar.add_task("measuring", total=None)
        report = measure_drift(
            generated,
            against,
            training=training,
            on_progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    for note in report.notes:
        say(note)
    if as_json:
        typer.echo(json.dumps(report.to_json()))
    else:
        controls = {name: control.scores for name, control in report.controls.items()}
        print_scores(f"{generated}: {report.summary}", {"model": report.scores} | controls)
    if output is not None:
        write_drift_page(report, output)
