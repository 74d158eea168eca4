"""Studies of benchmarks: made or resumed with a line of progress per trial, and the winner with fresh seeds."""

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import echoic
from echoic.studies.orders import confirmation_run
from echoic.studies.records import Trial
from echoic.studies.study import Study

SMOKE: dict[str, Any] = {"trials": 2, "minutes": None, "confirm": 1, "search": ["lr=0.001,0.01"]}
"""Budget and search space with --smoke."""


def add_options(parser: argparse.ArgumentParser, minutes: float) -> None:
    """Adds the options of studies to those of all benchmarks."""
    parser.add_argument("--minutes", type=float, default=minutes, help="time budget of each study")
    parser.add_argument("--workers", type=int, default=1, help="processes that train in each study")
    parser.add_argument("--studies", type=Path, help="folder to keep the studies in; those that are there go on")


def study_of(name: str, job: str, data: Any, options: argparse.Namespace, **settings: Any) -> Study:
    """The study `name` of a job over data, carried out to its end.

    Args:
        name: its folder below `--studies`.
        job: the job.
        data: the data without their test split.
        options: those of the command line.
        settings: arguments of `echoic.tune`: the budget, settings of all trials.
    """
    path = (options.studies or Path(tempfile.mkdtemp(prefix="studies-", dir=options.scratch))) / name
    watch: dict[str, Any] = {"on_trial": _TrialLines(name), "on_confirmed": _print_confirmed}
    if (path / "study.json").exists():
        study = echoic.load_study(path, data=in_memory(data))
        study.resume(minutes=options.minutes, workers=options.workers, **watch)
        return study
    chosen: dict[str, Any] = {"minutes": options.minutes, "workers": options.workers, "threads": options.threads}
    chosen |= settings | (SMOKE if options.smoke else {}) | _without_length(options.overrides)
    return echoic.tune(job, data, out=path, **chosen, **watch)


def in_memory(data: Any) -> Any:
    """The data that a run or a study does not find by itself; None for files and synthetic signals."""
    return None if isinstance(data, str) else data


def fresh_runs(study: Study, data: Any, options: argparse.Namespace, **settings: Any) -> Iterator[echoic.Run]:
    """The winner, trained with seeds that the search has not seen: those of its confirmation, and further ones."""
    winner = study.winner
    # A confirmation that time has cut short has no loss.
    confirmed = [one for row in study.confirmation if row.trial.number == winner.number for one in row.losses]
    for one in range(1, options.seeds + 1):
        if one in confirmed:
            yield echoic.load(study.path / confirmation_run(winner.number, one), data=in_memory(data))
        else:
            seed = study.definition.seed + study.definition.seeds - 1 + one
            given = settings | dict(winner.settings) | {"seed": seed, "threads": options.threads}
            yield echoic.train(study.definition.job, data, **given | _without_length(options.overrides))


def counted(study: Study) -> str:
    """Such as `31 (12 pruned)`: the trials that ended."""
    states = [trial.state for trial in study.trials]
    return f"{states.count('complete') + states.count('pruned')} ({states.count('pruned')} pruned)"


def settings_text(settings: Mapping[str, Any]) -> str:
    """Such as `lr 0.0123, layers 32,32`."""
    shown = {name: f"{value:.3g}" if isinstance(value, float) else value for name, value in settings.items()}
    return ", ".join(f"{name} {value}" for name, value in shown.items())


def _without_length(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of --smoke without `minutes`, which for a study is the budget."""
    return {name: value for name, value in overrides.items() if name != "minutes"}


class _TrialLines:
    """Prints a line per trial."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._started_at = time.monotonic()

    def __call__(self, trial: Trial) -> None:
        """Prints the end of a trial."""
        after_s = time.monotonic() - self._started_at
        print(
            f"{self._name}, {after_s:.0f} s: trial {trial.number} {trial.state} {trial.loss:.5g} {trial.reason}; "
            f"{settings_text(trial.settings)}",
            flush=True,
        )


def _print_confirmed(trial: Trial, seed: int, loss: float) -> None:
    print(f"confirmation of trial {trial.number}, fresh seed {seed}: {loss:.5g}", flush=True)
