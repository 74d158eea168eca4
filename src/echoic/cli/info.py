"""`echoic info [RUN]`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from echoic.cli.grouped import GroupedCommand
from echoic.cli.seeds import print_seed_info
from echoic.cli.tables import print_columns
from echoic.cli.train import Json


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("info", cls=GroupedCommand, help=help_text)(info)


def info(
    run: Annotated[Path | None, typer.Argument(metavar="RUN", help="Run folder, a study, or several seeds.")] = None,
    as_json: Json = False,
) -> None:
    from echoic.api import summaries
    from echoic.api.seed_runs import has_seeds
    from echoic.run import RunFolder
    from echoic.studies.definition import is_study

    if run is not None and is_study(run):
        _study_info(run, as_json=as_json)
        return
    if run is not None and has_seeds(run):
        print_seed_info(run, as_json=as_json)
        return
    found = summaries.machine_info() if run is None else summaries.run_info(RunFolder.open(run))
    if as_json:
        typer.echo(json.dumps(found))
        return
    parameters = found.pop("parameter_table", None)
    rows = [(name, str(value)) for name, value in summaries.flat_items(found)]
    print_columns("echoic" if run is None else str(run), ["", "value"], rows)
    if parameters is not None:
        print_columns("parameters", ["name", "shape", "count"], parameters)


def _study_info(path: Path, *, as_json: bool) -> None:
    import echoic
    from echoic.cli.studies import print_trials, summary
    from echoic.studies.records import by_loss

    study = echoic.load_study(path)
    trials = study.trials
    if as_json:
        typer.echo(json.dumps(summary(study)))
        return
    others = [trial for trial in trials if trial.state != "complete"]
    print_trials(f"{path}: trials, the lowest dev loss first", study, [*by_loss(trials), *others])
    if study.verdict:
        typer.echo(study.verdict)
