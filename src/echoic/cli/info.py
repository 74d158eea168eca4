"""`echoic info [RUN]`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.tables import print_columns
from echoic.cli.train import Json


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("info", cls=GroupedCommand, help=help_text)(info)


def info(
    run: Annotated[Path | None, typer.Argument(metavar="RUN", help="Run folder.")] = None, as_json: Json = False
) -> None:
    from echoic.api import summaries
    from echoic.run import RunFolder

    found = summaries.machine_info() if run is None else summaries.run_info(RunFolder.open(run))
    if as_json:
        typer.echo(json.dumps(found))
        return
    parameters = found.pop("parameter_table", None)
    rows = [(name, str(value)) for name, value in summaries.flat_items(found)]
    print_columns("echoic" if run is None else str(run), ["", "value"], rows)
    if parameters is not None:
        print_columns("parameters", ["name", "shape", "count"], parameters)
