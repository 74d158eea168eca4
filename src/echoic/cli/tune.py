"""`echoic tune JOB DATA` and `echoic tune JOB --space`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from echoic.cli.grouped import GroupedCommand, JobGroup
from echoic.cli.options import with_settings
from echoic.cli.studies import SearchLines, print_result
from echoic.cli.tables import print_columns
from echoic.cli.train import Data, Json, single_or_list, with_data_help
from echoic.cli.tune_again import tune_again
from echoic.config import assignments
from echoic.jobs import JOBS, settings_class

_BUDGET, _SPACE, _MACHINES = "Budget", "Search space", "Many machines"


def _of(panel: str, metavar: str, text: str, **more: Any) -> Any:
    return typer.Option(metavar=metavar, help=text, rich_help_panel=panel, **more)


Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="PATH", help="Study folder to create.", rich_help_panel="Output")
]
Space = Annotated[
    bool, typer.Option("--space", help="Print the search space and end; needs no data.", rich_help_panel=_SPACE)
]
SearchOption = Annotated[
    list[str] | None,
    _of(
        _SPACE,
        "NAME=VALUES",
        "Search this setting and only those named so; may be repeated. lr=0.001..0.1,log: a range, here logarithmic. "
        "lr=0.1,0.01: these values. 'layers=32;32,32': lists, separated by ;. dropout: the range of the default space.",
    ),
]
Fix = Annotated[
    list[str] | None,
    _of(_SPACE, "NAME=VALUE", "Any setting of all trials, as --set; a fixed one is not searched. May be repeated."),
]
Trials = Annotated[
    int | None,
    _of(_BUDGET, "INTEGER", "Number of trials. Default: 40, or without limit with --minutes; all points of a grid."),
]
Minutes = Annotated[
    float | None,
    _of(
        _BUDGET,
        "NUMBER",
        "Time budget of the study in minutes, confirmation included; --fix minutes=M is that of each training.",
    ),
]
Workers = Annotated[
    int, _of(_BUDGET, "INTEGER", "Number of processes that train; with several, each has one thread.", min=1)
]
SAMPLERS = "tpe, genetic (NSGA-II), cmaes, gp, qmc, random, grid (all combinations of listed values)"
SamplerOption = Annotated[str, _of("Search", "CHOICE", f"Search algorithm: {SAMPLERS}.")]
PrunerOption = Annotated[
    str,
    _of(
        "Search",
        "CHOICE",
        "Ends hopeless trials early (with one goal). median: by the median of others; hyperband: by their ranks after "
        "more and more training; none.",
    ),
]
Goal = Annotated[
    str,
    _of(
        "Search",
        "A,B,...",
        "loss, the dev loss; or several goals to trade off: loss and parameters, step_us (time of a single step) or "
        "train_s (time of training).",
    ),
]
Seeds = Annotated[int, _of("Search", "INTEGER", "Runs per trial, whose mean dev loss counts.", min=1)]
Confirm = Annotated[
    int,
    _of(
        "Search",
        "INTEGER",
        "Number of best trials that are trained again with three fresh seeds; the lowest mean wins. 0: none.",
        min=0,
    ),
]


Storage = Annotated[
    str | None,
    _of(
        _MACHINES,
        "URL",
        "Work on one study with many machines: the same command on each, with the PostgreSQL database at URL, such as "
        "postgresql+psycopg://user@host/database. The password comes from PGPASSWORD or ~/.pgpass.",
    ),
]
StudyName = Annotated[
    str | None, _of(_MACHINES, "NAME", "Name of the study in --storage. Default: that of the folder --out.")
]


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb, with a command for each job."""
    jobs = typer.Typer(cls=JobGroup, help=help_text, rich_markup_mode=None, subcommand_metavar="JOB DATA [ARGS]...")

    jobs.callback(invoke_without_command=True)(tune_again)
    for job in JOBS:
        text = f"Choose settings of the {job} job on DATA by the dev loss of many runs, and write a study folder."
        jobs.command(job, cls=GroupedCommand, help=text)(
            with_settings(settings_class(job), with_data_help(job, _tuner(job)))
        )
    app.add_typer(jobs, name="tune")


def _tuner(job: str) -> Any:
    def tune_job(
        settings: dict[str, Any],
        *,
        data: Data | None = None,
        out: Out = None,
        space: Space = False,
        search: SearchOption = None,
        fix: Fix = None,
        trials: Trials = None,
        minutes: Minutes = None,
        workers: Workers = 1,
        sampler: SamplerOption = "tpe",
        pruner: PrunerOption = "median",
        goal: Goal = "loss",
        seeds: Seeds = 1,
        confirm: Confirm = 3,
        storage: Storage = None,
        study: StudyName = None,
        as_json: Json = False,
    ) -> None:
        fixed = [settings, assignments(fix or [])]
        if space:
            _print_space(job, search, fixed)
            return
        if not data:
            raise typer.BadParameter("it is missing; only --space needs none.", param_hint="DATA")
        if out is None:
            raise typer.BadParameter("it is missing; name the study folder to create.", param_hint="--out")
        import echoic

        lines = SearchLines()
        made = echoic.tune(
            job,
            single_or_list(data),
            out=out,
            trials=trials,
            minutes=minutes,
            workers=workers,
            sampler=sampler,  # type: ignore[arg-type]  # checked there
            pruner=pruner,  # type: ignore[arg-type]
            goal=goal,
            search=search,
            seeds=seeds,
            confirm=confirm,
            storage=storage,
            study=study,
            config=settings_class(job).sectioned(*fixed),
            on_trial=lines.trial,
            on_confirmed=lines.confirmed,
        )
        print_result(made, as_json=as_json)

    return tune_job


def _print_space(job: str, search: list[str] | None, fixed: list[dict[str, Any]]) -> None:
    """The settings that would be searched, and when each has an effect."""
    from echoic.config.search import conditions
    from echoic.studies.searching import searched

    settings = settings_class(job)
    rows = [
        (one.name, one.text, "; ".join(condition.text for condition in conditions(settings, one.name)))
        for one in searched(job, search, settings.sectioned(*fixed))
    ]
    print_columns(f"{job}: searched settings", ["setting", "values", "only with"], rows)
