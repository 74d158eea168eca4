"""`echoic check JOB DATA`: the one-batch test."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from echoic.cli.grouped import GroupedCommand, JobGroup
from echoic.cli.options import with_settings
from echoic.cli.printing import say
from echoic.cli.train import Data, Json, single_or_list, with_data_help
from echoic.jobs import JOBS, settings_class


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb, with a command for each job."""
    jobs = typer.Typer(
        cls=JobGroup,
        help=help_text,
        rich_markup_mode=None,
        no_args_is_help=True,
        subcommand_metavar="JOB DATA [ARGS]...",
    )
    for job in JOBS:
        jobs.command(job, cls=GroupedCommand, help=f"Overfit one batch of DATA with the network of the {job} job.")(
            with_settings(settings_class(job), with_data_help(job, _checker(job)))
        )

    @jobs.callback()
    def _group() -> None:
        pass

    app.add_typer(jobs, name="check")


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        say(f"data: {note}")


def _checker(job: str) -> Any:
    def check_job(
        settings: dict[str, Any],
        data: Data,
        steps: Annotated[
            int, typer.Option(metavar="INTEGER", help="Number of training steps on the batch.", min=1)
        ] = 120,
        as_json: Json = False,
    ) -> None:
        from echoic.api import overfit_check

        losses = overfit_check.check(job, single_or_list(data), config=settings, steps=steps, on_notes=_print_notes)
        falls = overfit_check.check_passes(losses)
        if as_json:
            typer.echo(json.dumps({"job": job, "falls": falls, "losses": losses}))
        else:
            marks = sorted({0, *(steps * sixth // 6 for sixth in range(1, 6)), steps - 1})
            typer.echo("loss of one batch: " + " -> ".join(f"{losses[mark]:.4g}" for mark in marks))
            typer.echo(
                "The loss falls: the network can learn."
                if falls
                else "The loss does not fall: check the scaling and the targets before a long run."
            )
        if not falls:
            raise typer.Exit(1)

    return check_job
