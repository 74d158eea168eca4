"""`echoic generate RUN`."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from echoic.cli.eval import OnError, RunPath
from echoic.cli.grouped import GroupedCommand
from echoic.cli.options import metavar, plain_type, shown_default
from echoic.cli.printing import say
from echoic.cli.progress import progress_bar
from echoic.cli.train import TrainingData
from echoic.config.requests import GenerateRequest
from echoic.jobs import JOBS, settings_class

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        rich_help_panel="Output",
        help="File to write; its ending decides the format. Text runs print to standard output without it.",
    ),
]


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb, with the options of every job that generates."""
    options = dict(_options())
    keyword = inspect.Parameter.KEYWORD_ONLY

    def generate(
        run: RunPath,
        output: Output = None,
        training_data: TrainingData = None,
        on_error: OnError = "skip",
        **given: Any,
    ) -> None:
        import echoic

        opened = echoic.load(run, data=training_data)
        chosen = {name: value for name, value in given.items() if value is not None}
        # No bar where the result itself goes to the terminal.
        with progress_bar() as bar:
            task = bar.add_task("generating", total=None, visible=output is not None)
            summary = opened.write(
                output,
                on_error=on_error,
                on_progress=lambda done, total: bar.update(task, completed=done, total=total),
                **chosen,
            )
        if summary:
            say(summary)

    own = [one for one in inspect.signature(generate).parameters.values() if one.name != "given"]
    extra = [inspect.Parameter(name, keyword, default=None, annotation=option) for name, option in options.items()]
    generate.__signature__ = inspect.Signature([*(one.replace(kind=keyword) for one in own), *extra])  # type: ignore[attr-defined]
    generate.__annotations__ |= options
    app.command("generate", cls=GroupedCommand, help=help_text)(generate)


def _options() -> Iterator[tuple[str, Any]]:
    """The fields of all jobs' requests as options."""
    requests = {job: request for job in JOBS if (request := settings_class(job).request_class)}
    for name in dict.fromkeys(name for request in requests.values() for name in request.model_fields):
        having = {job: request for job, request in requests.items() if name in request.model_fields}
        info = next(iter(having.values())).model_fields[name]
        text, flag = _help(name, having, len(having) == len(requests)), "--" + name.replace("_", "-")
        if plain_type(info.annotation) is bool:
            yield (
                name,
                Annotated[bool | None, typer.Option(f"{flag}/--no-{flag[2:]}", help=text, show_default=False)],
            )
        else:
            shape = metavar(info.annotation)
            yield name, Annotated[str | None, typer.Option(flag, help=text, metavar=shape, show_default=False)]


def _help(name: str, having: dict[str, type[GenerateRequest]], everywhere: bool) -> str:  # noqa: FBT001
    """One description if all jobs share it, else one per job; each with its default."""
    jobs_of: dict[str, list[str]] = {}
    for job, request in having.items():
        info = request.model_fields[name]
        default = shown_default(info.default)
        text = f"{info.description} [default: {default}]" if default else str(info.description)
        jobs_of.setdefault(text, []).append(job)
    if everywhere and len(jobs_of) == 1:
        return next(iter(jobs_of))
    return " ".join(f"{', '.join(jobs).capitalize()}: {text}" for text, jobs in jobs_of.items())
