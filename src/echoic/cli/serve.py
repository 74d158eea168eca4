"""`echoic serve RUN...`."""

from pathlib import Path
from typing import Annotated

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import say
from echoic.errors import ConfigError
from echoic.extras import missing

_WHO = "Who may use it"


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("serve", cls=GroupedCommand, help=help_text)(serve)


def serve(
    runs: Annotated[list[Path] | None, typer.Argument(metavar="[RUN...]", help="Run folders.")] = None,
    teach: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Run folder that the page makes: show it sounds, and it trains a classifier. The examples are kept in "
            "RUN-examples.",
        ),
    ] = None,
    port: Annotated[int, typer.Option(metavar="INTEGER", help="Port; 0: a free one.", min=0, max=65535)] = 8420,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page in a browser.")] = False,
    host: Annotated[
        str, typer.Option(metavar="NAME", help="Address to listen at; others need --token.", rich_help_panel=_WHO)
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="ECHOIC_TOKEN",
            help="Secret that opens the page. [default: a new one]",
            rich_help_panel=_WHO,
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Further name by which the server may be called.", rich_help_panel=_WHO),
    ] = None,
    connections: Annotated[
        int, typer.Option(metavar="INTEGER", help="Most clients at once.", min=1, rich_help_panel=_WHO)
    ] = 1000,
) -> None:
    import echoic

    try:
        from echoic.web.limits import Limits
        from echoic.web.served import ServedRun
        from echoic.web.serving import Place
        from echoic.web.serving import serve as serve_runs
    except ModuleNotFoundError as error:
        raise missing((error.name or "").partition(".")[0], error) from None
    limits = Limits(connections=connections)
    if not runs and teach is None:
        raise ConfigError("Name a run folder, or one to make: `echoic serve --teach runs/mine`.")
    folders = [*(runs or ()), *([teach] if teach and teach.exists() else ())]
    served = {}
    for folder in folders:
        one = ServedRun(echoic.load(folder), limits.streams)
        if one.name in served:
            raise ConfigError(f"Two runs are named {one.name}; rename one of the folders.")
        served[one.name] = one
    place = Place(host, port, token, tuple(allow_host or ()))
    serve_runs(served, place, limits, say, taught=teach, open_browser=not no_browser)
