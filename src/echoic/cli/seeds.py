"""What the command says of runs with several seeds: mean, spread and number of seeds of each score."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from echoic.cli.printing import say
from echoic.cli.progress import progress_bar, round_progress
from echoic.cli.tables import print_columns, short_number
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
    """Prints mean and spread of the scores of a split of the runs' own data.

    Raises:
        ConfigError: there are new data.
    """
    import echoic

    if data is not None:
        raise ConfigError("New data are scored by one run; name the folder of a seed.")
    found = echoic.load_seeds(path, data=training_data)
    with progress_bar() as bar:
        scores = found.scores(split, on_progress=round_progress(bar, "scoring"))
    if as_json:
        rows = {name: one._asdict() for name, one in scores.items()}
        typer.echo(json.dumps({"path": str(found.path), "seeds": found.seeds, "split": split, "scores": rows}))
        return
    _print_spreads(f"{found.path}: {split} split", scores)


def _print_spreads(title: str, spreads: "Mapping[str, Spread]") -> None:
    rows: list[list[Any]] = [
        [name, short_number(one.mean), "" if one.std is None else short_number(one.std, 2), one.seeds]
        for name, one in spreads.items()
    ]
    print_columns(title, ["score", "mean", "standard deviation", "seeds"], rows)
