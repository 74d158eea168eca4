"""`echoic info [RUN]`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from echoic.cli.tables import print_columns
from echoic.cli.train import Json


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("info", help=help_text)(info)


def info(
    run: Annotated[Path | None, typer.Argument(metavar="[RUN]", help="Run folder.")] = None, as_json: Json = False
) -> None:
    from echoic.jobs import facts, session

    found = facts.machine_info() if run is None else facts.run_info(session.load(run))
    if as_json:
        typer.echo(json.dumps(found))
        return
    parameters = found.pop("parameter_table", None)
    rows = [(name, str(value)) for name, value in facts.named_values(found)]
    print_columns("echoic" if run is None else str(run), ["", "value"], rows)
    if parameters is not None:
        print_columns("parameters", ["name", "shape", "count"], parameters)
