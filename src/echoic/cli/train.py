"""`echoic train JOB DATA`, `echoic train --from RUN [DATA]`, and `echoic train --resume RUN`."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from echoic.cli.grouped import GroupedCommand, JobGroup
from echoic.cli.options import with_settings
from echoic.cli.printing import say
from echoic.cli.processes import Processes, training_processes
from echoic.cli.progress import TrainingBar
from echoic.cli.seeds import print_seeds
from echoic.distributed.seats import given_seat
from echoic.errors import ConfigError
from echoic.jobs import JOBS, settings_class
from echoic.sources import supported_inputs
from echoic.types.counted import counted

Data = Annotated[list[str], typer.Argument(metavar="DATA", help="Input of the job.")]
Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="PATH", help="Run folder to create.", rich_help_panel="Output")
]
TrainingData = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="New place of the training data, if they have moved; - for standard input."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel="Output")]


FromRun = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="RUN",
        help="Start from the weights and settings of a run. Without DATA, on its own data as they are now.",
    ),
]


Seeds = Annotated[
    int | None,
    typer.Option(
        metavar="INTEGER",
        help="Train this many networks, with consecutive seeds; --out is then a folder with a run per seed.",
        min=1,
        rich_help_panel="Training",
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        metavar="INTEGER",
        help="Processes that train folds or seeds side by side, with one thread each unless --threads is given.",
        min=1,
        rich_help_panel="Training",
    ),
]


class TrainGroup(JobGroup):
    """The jobs; with `--from RUN` that of the run needs no name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses `args`, with the job of the run before them if they name none."""
        words = [part for word in args for part in (word.split("=", 1) if word.startswith("--from=") else [word])]
        run = next((after for word, after in pairwise(words) if word == "--from"), None)
        if run is not None and args[0] not in JOBS:
            from echoic.run import RunFolder

            args = [str(RunFolder.open(Path(run)).read_config()["job"]), *args]
        return super().parse_args(ctx, args)


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb, with a command for each job."""
    jobs = typer.Typer(cls=TrainGroup, help=help_text, rich_markup_mode=None, subcommand_metavar="JOB DATA [ARGS]...")

    @jobs.callback(invoke_without_command=True)
    def train(
        context: typer.Context,
        resume: Annotated[Path | None, typer.Option("--resume", metavar="RUN", help="Run folder to resume.")] = None,
        training_data: TrainingData = None,
        workers: Annotated[
            int, typer.Option(metavar="INTEGER", help="Processes that train folds or seeds side by side.", min=1)
        ] = 1,
        processes: Processes = None,
        as_json: Json = False,
    ) -> None:
        if context.invoked_subcommand is None:
            if resume is None:
                raise ConfigError(
                    f"`echoic train` requires a job ({', '.join(JOBS)}) and data, --from RUN, or --resume RUN."
                )
            _resume(resume, training_data, workers, processes, as_json=as_json)
        elif resume is not None or training_data is not None or processes is not None or as_json or workers > 1:
            raise ConfigError(
                "`--resume RUN` and `--training-data` take no job; --json, --workers and --processes come after the "
                "name of the job."
            )

    for job in JOBS:
        jobs.command(job, cls=GroupedCommand, help=f"Train the {job} job on DATA and write a run folder.")(
            with_settings(settings_class(job), with_data_help(job, _trainer(job)))
        )
    app.add_typer(jobs, name="train")


def with_data_help(job: str, body: Callable[..., None]) -> Callable[..., None]:
    """`body` with the supported inputs of the job as the help of its argument `data`."""
    text = f"Input: {supported_inputs(settings_class(job).sections()['data'], in_memory=False)}."
    body.__annotations__["data"] = Annotated[list[str], typer.Argument(metavar="DATA", help=text)]
    return body


def single_or_list(data: list[str]) -> str | list[str]:
    """The only element of a list of one; longer lists unchanged."""
    return data[0] if len(data) == 1 else data


def _trainer(job: str) -> Any:
    def train_job(
        settings: dict[str, Any],
        *,
        data: Data | None = None,
        out: Out,
        from_run: FromRun = None,
        seeds: Seeds = None,
        workers: Workers = 1,
        processes: Processes = None,
        as_json: Json = False,
    ) -> None:
        import echoic

        if not data and from_run is None:
            raise typer.BadParameter("it is missing; only --from RUN needs none.", param_hint="DATA")
        if seeds is not None or workers > 1:
            _refuse_processes(processes)
        if seeds is not None:
            if from_run is not None:
                raise ConfigError("`--seeds` draws the weights of each network from its own seed; leave out --from.")
            with TrainingBar() as bar:
                found = echoic.train_seeds(
                    job,
                    single_or_list(data or []),
                    seeds=seeds,
                    workers=workers,
                    out=out,
                    config=settings,
                    on_progress=bar.update,
                    on_prepare=bar.prepare,
                )
            print_seeds(found, as_json=as_json)
            return
        device = str(settings_class(job).build(settings).train.device)
        with training_processes(processes, data, device) as ranks:
            with TrainingBar(is_shown=ranks.is_first) as bar:
                run = echoic.train(
                    job,
                    single_or_list(data) if data else None,
                    out=out,
                    from_run=from_run,
                    config=settings,
                    on_progress=bar.update,
                    on_prepare=bar.prepare,
                    workers=workers,
                )
            if ranks.is_first:
                _print_result(run, as_json=as_json)

    return train_job


def _refuse_processes(processes: int | None) -> None:
    """Refuses that several processes train one network.

    Raises:
        ConfigError: they do.
    """
    if (processes or 1) > 1 or given_seat() is not None:
        raise ConfigError(
            "`--seeds` and `--workers` train several networks side by side, --processes and torchrun one network in "
            "several processes; choose one of them."
        )


def _resume(path: Path, training_data: str | None, workers: int, processes: int | None, *, as_json: bool) -> None:
    import echoic
    from echoic.api.seed_runs import has_seeds
    from echoic.api.sharing import resumable

    if has_seeds(path) or workers > 1:
        _refuse_processes(processes)
    if has_seeds(path):
        found = echoic.load_seeds(path, data=training_data)
        with TrainingBar() as bar:
            found.resume(bar.update, workers=workers)
        print_seeds(found, as_json=as_json)
        return
    with training_processes(processes, [training_data] if training_data else None) as ranks:
        run = echoic.load(resumable(ranks, path), data=training_data)
        with TrainingBar(is_shown=ranks.is_first) as bar:
            run.resume(bar.update, workers=workers)
        if ranks.is_first:
            _print_result(run, as_json=as_json)


def _print_result(run: Any, *, as_json: bool) -> None:
    result = run.result()
    if as_json:
        typer.echo(json.dumps(result))
        return
    for note in run.config["data"]["report"]["notes"]:
        say(f"data: {note}")
    for note in run.notes():
        say(note)
    best = result["best_dev_loss"]
    summary = "trained" if best is None else f"best dev loss {best:.6g} after"
    say(f"{run.path}: {summary} {counted(result['best_step'], 'step')}")
    scored = f"echoic eval {run.path}; " if _has_test(run) else ""
    say(f"next: {scored}echoic report {run.path}")


def _has_test(run: Any) -> bool:
    """Whether there is a test split to evaluate, or folds."""
    report = run.config["data"]["report"]
    return bool(report.get("splits", report.get("steps_per_split", {})).get("test") or run.fold_runs())
