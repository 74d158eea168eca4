"""`echoic tune --resume STUDY` and `echoic tune --join URL`: studies that have begun, here or elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from echoic.cli.printing import say
from echoic.cli.studies import SearchLines, print_result
from echoic.cli.train import Json
from echoic.errors import ConfigError, RunError
from echoic.jobs import JOBS

if TYPE_CHECKING:
    from echoic.studies.study import Study


def tune_again(
    context: typer.Context,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="STUDY", help="Study to resume; --trials and --minutes are new totals."),
    ] = None,
    join: Annotated[
        str | None,
        typer.Option(
            "--join", metavar="URL", help="Work on the study --study of other machines, in the database at URL."
        ),
    ] = None,
    study: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the study to join.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="PATH", help="Folder of a joined study. Default: its name."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="PATH", help="Place of the data of a joined study on this machine.")
    ] = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="The database of a resumed study, with its password.")
    ] = None,
    collect: Annotated[
        bool, typer.Option("--collect", help="Only copy the winner to this machine; trains nothing.")
    ] = False,
    trials: Annotated[int | None, typer.Option(metavar="INTEGER", help="Number of trials in all.", min=1)] = None,
    minutes: Annotated[float | None, typer.Option(metavar="NUMBER", help="Time budget in all.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="INTEGER", help="Number of processes.", min=1)] = None,
    as_json: Json = False,
) -> None:
    totals = {"trials": trials, "minutes": minutes, "workers": workers}
    of_join = {"--study": study, "--out": out, "--data": data}
    if context.invoked_subcommand is not None:
        if any([resume, join, storage, collect, as_json, *totals.values(), *of_join.values()]):
            raise ConfigError(
                "`--resume STUDY` and `--join URL` take no job, and other options come after the name of the job."
            )
        return
    if resume is not None and join is not None:
        raise ConfigError("`--resume STUDY` resumes a study of this machine, and `--join URL` joins one; choose one.")
    if resume is None and join is None:
        raise ConfigError(
            f"`echoic tune` requires a job ({', '.join(JOBS)}) and data, or --resume STUDY, or --join URL."
        )
    if resume is not None:
        given = next((name for name, value in of_join.items() if value is not None), None)
        if given is not None:
            raise ConfigError(f"`{given}` is for --join URL; a resumed study has its own.")
        opened = _resumed(resume, storage)
    else:
        if storage is not None:
            raise ConfigError("`--join URL` names the database itself; leave out --storage.")
        if study is None:
            raise ConfigError("`--join URL` requires the name of the study there: --study NAME.")
        opened = _joined(str(join), study, out, data, workers)
    _work(opened, totals, collect=collect, as_json=as_json)


def _resumed(path: Path, storage: str | None) -> "Study":
    import echoic

    return echoic.load_study(path, storage=storage)


def _joined(url: str, study: str, out: Path | None, data: str | None, workers: int | None) -> "Study":
    import echoic

    return echoic.join_study(url, study, out=out, data=data, workers=workers)


def _work(study: "Study", totals: dict[str, Any], *, collect: bool, as_json: bool) -> None:
    if collect:
        if problem := study.collect():
            raise RunError(problem)
    else:
        lines = SearchLines()
        lines.seen(study.trials)
        say(f"{study.path}: {len(study.trials)} trials so far")
        if totals["trials"] is not None and totals["trials"] <= len(study.trials):
            say(f"`--trials {totals['trials']}` is the number in all, so no further one begins; give a larger one.")
        study.resume(**totals, on_trial=lines.trial, on_confirmed=lines.confirmed)
    print_result(study, as_json=as_json)
