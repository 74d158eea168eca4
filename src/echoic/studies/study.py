"""A study, opened from its folder: its trials, its winner, its report, and how it goes on."""

import filecmp
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import numpy as np

from echoic.api.run import Run, load
from echoic.errors import ConfigError, RunError, TrainingError
from echoic.jobs.base import Table
from echoic.run.lock import file_lock
from echoic.studies.clock import Clock
from echoic.studies.confirmation import (
    ConfirmationOrders,
    Confirmed,
    candidates,
    common_seeds,
    confirmed,
    verdict,
    winner,
)
from echoic.studies.definition import Definition, read_definition, write_definition
from echoic.studies.engine import Engine, check_installed
from echoic.studies.orders import confirmation_run, trial_runs
from echoic.studies.records import Trial, front
from echoic.studies.search import SearchOrders
from echoic.studies.training import dev_loss
from echoic.studies.winner import winning_run
from echoic.studies.workforce import workers_of
from echoic.workers.stopping import resumable

OnTrial = Callable[[Trial], None]
OnConfirmed = Callable[[Trial, int, float], None]


def ignore(*_: Any) -> None:
    """Takes no notice of progress."""


@final
class Study:
    """A study of runs whose settings were chosen by their dev loss.

    Returned by `echoic.tune` and `echoic.load_study`.
    """

    def __init__(self, path: Path, data: Any = None) -> None:
        self.path = path
        self.definition = read_definition(path)
        check_installed(self.definition)
        self._data = data
        self._store: Engine | None = None

    def __repr__(self) -> str:
        return f"Study(job={self.definition.job!r}, path={str(self.path)!r})"

    @property
    def trials(self) -> list[Trial]:
        """All trials by number: settings, dev losses, state.

        Raises:
            RunError: the store of the study cannot be used.
        """
        return self._engine().trials()

    @property
    def winner(self) -> Trial:
        """The trial of the chosen settings.

        Raises:
            RunError: no trial is complete.
        """
        found = winner(self.path, self.definition, self.trials)
        if found is None:
            raise RunError(f"{self.path} has no complete trial yet; go on with `{self.resume_command}`.")
        return found

    @property
    def best(self) -> Run:
        """The run of the winner, a copy in the folder `best`: of its settings, that of the lowest dev loss.

        Raises:
            RunError: the study has not ended yet.
        """
        return load(winning_run(self.path), data=self._data)

    @property
    def confirmation(self) -> list[Confirmed]:
        """The best trials of the search with their dev losses for fresh seeds, the first winner first."""
        return confirmed(self.path, self.definition, self.trials)

    @property
    def verdict(self) -> str:
        """How much of the first win was luck, and which trial is chosen, in words; empty without a confirmation."""
        return verdict(self.confirmation)

    @property
    def front(self) -> list[Trial]:
        """The complete trials that no other one beats in every goal (the Pareto front), the lowest loss first."""
        return front(self.trials)

    @property
    def importances(self) -> dict[str, float]:
        """The part of each setting in the differences of the dev loss; empty with too few trials."""
        return self._engine().importances()

    @property
    def resume_command(self) -> str:
        """The command that resumes the study, or the call in Python where the data must be passed again."""
        if self.definition.data is None:
            return f'echoic.load_study("{self.path}", data=...).resume()'
        return f"echoic tune --resume {self.path}"

    def run(self, number: int) -> Run:
        """The run of a trial, with its first seed.

        Raises:
            RunError: there is no such run.
        """
        return load(self.path / trial_runs(number, 1)[0], data=self._data)

    def frame(self) -> Table:
        """One row per trial: number, state, goals, `loss_std` and `seeds`, and the searched settings as columns.

        Settings that were not drawn are NaN, or the empty text. `pandas.DataFrame(study.frame())` is a table.
        """
        trials = self.trials
        goals = {
            goal: np.array([one.goals.get(goal, np.nan) for one in trials], np.float64)
            for goal in self.definition.goals
        }
        return {
            "trial": np.array([one.number for one in trials], np.int64),
            "state": np.array([one.state for one in trials], object),
            **goals,
            "loss_std": np.array([np.std(one.losses) if one.losses else np.nan for one in trials], np.float64),
            "seeds": np.array([len(one.losses) for one in trials], np.int64),
            **{name: _column([trial.settings.get(name) for trial in trials]) for name in self.definition.names},
        }

    def report(self, out: str | Path | None = None) -> Path:
        """Writes the HTML report of the study and returns its path; by default `report.html` in its folder.

        Raises:
            RunError: the file cannot be written.
        """
        from echoic.studies.report import write_study_report  # noqa: PLC0415 (it imports this module)

        return write_study_report(self, Path(out) if out is not None else self.path / "report.html")

    def resume(
        self,
        *,
        trials: int | None = None,
        minutes: float | None = None,
        workers: int | None = None,
        on_trial: OnTrial = ignore,
        on_confirmed: OnConfirmed = ignore,
    ) -> None:
        """Goes on with the study until its trials are trained and the winner is confirmed.

        Unfinished trials go on from their checkpoints.

        Args:
            trials: another number of trials in all, such as a larger one.
            minutes: another time budget in all.
            workers: another number of processes.
            on_trial: called with every trial that has ended.
            on_confirmed: called with a trial, the number of a fresh seed, and its dev loss.

        Raises:
            ConfigError: data in memory are missing, or an argument is not allowed.
            RunError: another process works on the study, or its store cannot be used.
            TrainingError: no trial could be trained.
            Interrupted: a signal came; everything is saved.
        """
        changed = {"trials": trials, "minutes": minutes, "workers": workers}
        changed = {name: value for name, value in changed.items() if value is not None}
        if "trials" in changed and self.definition.sampler == "grid":
            raise ConfigError("`trials` is for other samplers; a grid has as many as it has points.")
        definition = Definition.build(**self.definition.model_dump() | changed)
        if definition.data is None and self._data is None:
            raise ConfigError(f"{self.path} was made of data in memory; pass them again: {self.resume_command}.")
        with file_lock(self.path / "study.lock"), resumable(self.resume_command):
            if changed:
                write_definition(self.path, definition)
                self.definition, self._store = definition, None
            self._work(on_trial, on_confirmed)

    def _work(self, on_trial: OnTrial, on_confirmed: OnConfirmed) -> None:
        engine = self._engine()
        clock = Clock(engine, self.definition.minutes)
        try:
            with workers_of(self.path, self.definition, self._data) as carry_out:
                carry_out(SearchOrders(self.definition, engine, clock, on_trial))
                best = candidates(self.definition, engine.trials())
                carry_out(ConfirmationOrders(self.path, self.definition, best, clock, on_confirmed))
        finally:
            clock.save()
        self._check_complete(engine.trials())
        self._keep_best()

    def _check_complete(self, trials: list[Trial]) -> None:
        if any(one.state == "complete" for one in trials):
            return
        reason = next((one.reason for one in reversed(trials) if one.reason), "")
        if reason:
            raise TrainingError(f"No trial of {self.path} could be trained; the last one: {reason}")
        raise TrainingError(
            f"No trial of {self.path} was complete when the time was up. Go on with `{self.resume_command}` and more "
            "minutes, or make a study of shorter trainings, such as with --epochs."
        )

    def _keep_best(self) -> None:
        """Copies the run of the winner with the lowest dev loss to `best`."""
        number = self.winner.number
        paths = [self.path / name for name in trial_runs(number, self.definition.seeds)]
        paths += [self.path / confirmation_run(number, one) for one in common_seeds(self.confirmation)]
        chosen = min(paths, key=lambda path: dev_loss(load(path, data=self._data)))
        new, best = self.path / ".best.new", self.path / "best"
        if _same_model(chosen, best):
            return  # it may have got a report meanwhile
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(chosen, new, ignore=shutil.ignore_patterns("run.lock"))
        if best.exists():
            shutil.rmtree(best)
        new.rename(best)

    def _engine(self) -> Engine:
        if self._store is None:
            self._store = Engine(self.path, self.definition)
        return self._store


def _same_model(one: Path, other: Path) -> bool:
    name = "model.safetensors"
    return (other / name).exists() and filecmp.cmp(one / name, other / name, shallow=False)


def _column(values: list[Any]) -> Any:
    """Values of a setting as an array of numbers, or of objects."""
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return np.array(["" if value is None else value for value in values], object)


def load_study(path: str | Path, *, data: Any = None) -> Study:
    """Opens the folder of a study.

    Args:
        path: the folder.
        data: the data, if they were in memory.

    Raises:
        MissingExtraError: Optuna is not installed.
        RunError: there is no study at `path`, or it is damaged.
    """
    return Study(Path(path), data)
