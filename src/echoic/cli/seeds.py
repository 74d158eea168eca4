"""Output of the command about runs with several seeds: mean, spread and number of seeds of each score."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from echoic.cli.printing import say
from echoic.cli.progress import progress_bar, round_progress
from echoic.cli.tables import print_columns, print_scores, short_number
from echoic.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from echoic.api.seed_runs import SeedRuns, Spread


def print_seeds(found: "SeedRuns", *, as_json: bool) -> None:
    """Prints the dev loss of each seed, their mean and spread."""
    from echoic.api.seed_runs import spread

    losses = found.dev_losses()
    known = [loss for loss in losses if loss is not None]
    if as_json:
        mean = spread(known)._asdict() if known else None
        typer.echo(json.dumps({"path": str(found.path), "seeds": found.seeds, "best_dev_loss": losses, "spread": mean}))
        return
    for seed, loss in zip(found.seeds, losses, strict=True):
        say(f"{found.path / str(seed)}: trained" + ("" if loss is None else f", best dev loss {loss:.6g}"))
    if known:
        _print_spreads(str(found.path), {"best dev loss": spread(known)})
    say(f"next: echoic eval {found.path}")


def refuse_of_one_run(path: Path, options: "Mapping[str, Any]") -> None:
    """Refuses options that are for a single run.

    Raises:
        ConfigError: one of them is given.
    """
    given = next((name for name, value in options.items() if value is not None), None)
    if given is not None:
        raise ConfigError(f"`{given}` is for one run, and {path} has one for each seed; name its folder.")


def print_seed_scores(path: Path, training_data: str | None, data: str | None, split: str, *, as_json: bool) -> None:
    """Prints mean and spread of the scores of a split of the runs' own data, beside the baselines.

    Raises:
        ConfigError: there are new data.
    """
    import echoic
    from echoic.api.seed_runs import spreads

    if data is not None:
        raise ConfigError("New data are scored by one run; name the folder of a seed.")
    found = echoic.load_seeds(path, data=training_data)
    with progress_bar() as bar:
        evaluations = found.evaluate(split, on_progress=round_progress(bar, "scoring"))
    scores = spreads([one.result for one in evaluations])
    names = [name for name in evaluations[0].baselines if all(name in one.baselines for one in evaluations)]
    baselines = {name: spreads([one.baselines[name] for one in evaluations]) for name in names}
    for sentence in dict.fromkeys(note for one in evaluations for note in one.notes):
        say(f"data: {sentence}")
    for run, one in zip(found.runs, evaluations, strict=True):
        for sentence in [*run.notes(), *filter(None, [one.verdict])]:
            say(f"seed {run.seed}: {sentence}")
    if as_json:
        rows = {name: one._asdict() for name, one in scores.items()}
        others = {row: {name: one._asdict() for name, one in found.items()} for row, found in baselines.items()}
        content = {"path": str(found.path), "seeds": found.seeds, "split": split, "scores": rows, "baselines": others}
        typer.echo(json.dumps(content))
        return
    _print_spreads(f"{found.path}: {split} split", scores)
    means = {row: {name: one.mean for name, one in of_row.items()} for row, of_row in baselines.items()}
    print_scores("Means over the seeds", {"model": {name: one.mean for name, one in scores.items()}} | means)


def print_seed_info(path: Path, *, as_json: bool) -> None:
    """Prints how far each seed is."""
    import echoic

    found = echoic.load_seeds(path)
    results = [run.result() for run in found.runs]
    if as_json:
        typer.echo(json.dumps({"path": str(path), "seeds": found.seeds, "results": results}))
        return
    losses = [one["best_dev_loss"] for one in results]
    rows = [
        [seed, one["steps"], "" if loss is None else short_number(loss)]
        for seed, one, loss in zip(found.seeds, results, losses, strict=True)
    ]
    print_columns(str(path), ["seed", "steps", "best dev loss"], rows)
    say(f"next: echoic eval {path}; echoic info {path / str(found.seeds[0])} shows all of a run")


def _print_spreads(title: str, spreads: "Mapping[str, Spread]") -> None:
    rows: list[list[Any]] = [
        [name, short_number(one.mean), "" if one.std is None else short_number(one.std, 2), one.seeds]
        for name, one in spreads.items()
    ]
    print_columns(title, ["score", "mean", "standard deviation", "seeds"], rows)
