"""Output of the command about a study: a line per trial, its result, and a summary."""

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, final

import typer

from echoic.cli.printing import say
from echoic.cli.tables import print_columns, short_number

if TYPE_CHECKING:
    from echoic.studies.records import Trial
    from echoic.studies.study import Study


@final
class SearchLines:
    """Says a line for every trial that has ended, and for every confirmation."""

    def __init__(self) -> None:
        self._best: Trial | None = None

    def seen(self, trials: Sequence["Trial"]) -> None:
        """Takes the trials of earlier sessions."""
        for trial in trials:
            if self._best is None or trial.loss < self._best.loss:
                self._best = trial

    def trial(self, trial: "Trial") -> None:
        """Says how a trial has ended."""
        self.seen([trial])
        if trial.state == "complete":
            values = ", ".join(f"{_named(goal)} {short_number(value)}" for goal, value in trial.goals.items())
            best = self._best or trial
            end = f"{values} (best {short_number(best.loss)}, trial {best.number})"
        else:
            after = "".join(f" after {done:.0%}, dev loss {short_number(trial.reports[done])}" for done in _last(trial))
            end = f"{trial.state}: {trial.reason}" if trial.reason else f"{trial.state}{after}"
        say(f"trial {trial.number}: {end}; {settings_text(trial.settings)}")

    def confirmed(self, trial: "Trial", seed: int, loss: float) -> None:
        """Says the dev loss of a fresh seed."""
        say(f"confirmation of trial {trial.number}, fresh seed {seed}: dev loss {short_number(loss)}")


def settings_text(settings: Mapping[str, Any]) -> str:
    """Such as `lr=0.0123, layers=32,32`."""
    return ", ".join(
        f"{name}={short_number(value, 3) if isinstance(value, float) else value}" for name, value in settings.items()
    )


def summary(study: "Study") -> dict[str, Any]:
    """A study as JSON: counts, winner, trials and confirmation."""
    trials, winner = study.trials, study.winner
    states = [trial.state for trial in trials]
    return {
        "study": str(study.path),
        "job": study.definition.job,
        "goals": list(study.definition.goals),
        "counts": {state: states.count(state) for state in ("complete", "pruned", "failed", "unfinished")},
        "winner": {"trial": winner.number, "goals": dict(winner.goals), "settings": dict(winner.settings)},
        "best": str(study.path / "best"),
        "front": [trial.number for trial in study.front],
        "confirmation": [
            {"trial": row.trial.number, "loss": row.trial.loss, "fresh_losses": list(row.losses.values())}
            for row in study.confirmation
        ],
        "verdict": study.verdict,
        "hosts": {trial.number: trial.place.host for trial in trials if trial.place is not None},
    }


def print_result(study: "Study", *, as_json: bool) -> None:
    """Prints the winner, the confirmation, and the front of several goals."""
    if as_json:
        typer.echo(json.dumps(summary(study)))
        return
    if len(study.definition.goals) > 1:
        print_trials("Pareto front", study, study.front)
    if study.verdict:
        _print_confirmation(study)
        say(study.verdict)
    winner = study.winner
    say(f"{study.path}: trial {winner.number} wins with {settings_text(winner.settings)}")
    say(f"next: echoic eval {study.path}; echoic report {study.path} -o study.html")


def print_trials(title: str, study: "Study", trials: Sequence["Trial"]) -> None:
    """A table of trials: goals, spread over seeds, and settings."""
    goals, names = study.definition.goals, study.definition.names
    several, hosts = study.definition.seeds > 1, study.has_several_hosts
    rows = []
    for trial in trials:
        values = [short_number(trial.goals[goal]) if goal in trial.goals else "" for goal in goals]
        spread = [short_number(statistics.pstdev(trial.losses), 2) if trial.losses else ""] if several else []
        shown = [_shown(trial.settings.get(name, "")) for name in names]
        host = [trial.place.host if trial.place is not None else ""] if hosts else []
        rows.append([trial.number, trial.state, *host, *values[:1], *spread, *values[1:], *shown])
    spread_header = [f"std of {study.definition.seeds} seeds"] if several else []
    headers = [
        "trial",
        "state",
        *(["host"] if hosts else []),
        _named(goals[0]),
        *spread_header,
        *map(_named, goals[1:]),
        *names,
    ]
    print_columns(title, headers, rows)


def _print_confirmation(study: "Study") -> None:
    rows = []
    for row in study.confirmation:
        losses = list(row.losses.values())
        mean = short_number(statistics.fmean(losses)) if losses else ""
        spread = short_number(statistics.stdev(losses), 2) if len(losses) > 1 else ""
        rows.append([row.trial.number, short_number(row.trial.loss), mean, spread, len(losses)])
    print_columns("Confirmation", ["trial", "dev loss", "mean, fresh seeds", "std", "seeds"], rows)


def _last(trial: "Trial") -> list[float]:
    """The fraction of the training that was done at the last report."""
    return sorted(trial.reports)[-1:]


def _named(goal: str) -> str:
    return {"loss": "dev loss", "step_us": "step, us", "train_s": "training, s"}.get(goal, goal)


def _shown(value: Any) -> str:
    return short_number(value, 3) if isinstance(value, float) else str(value)
