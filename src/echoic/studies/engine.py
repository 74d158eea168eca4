"""Optuna: the only place that knows it. One process, the one that holds the study, asks and tells.

Workers never open the store. A trial whose worker or whose whole study was killed stays as it is in the store, RUNNING
with its settings, and is given to another worker; so none is lost and none counts twice.
"""

import contextlib
import itertools
import json
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from echoic.errors import ConfigError, RunError
from echoic.extras import LazyModule
from echoic.jobs import settings_class
from echoic.studies.definition import Definition
from echoic.studies.records import State, Trial
from echoic.studies.space import Parameter, Value, drawn

SLOTS = 20
"""Parts of a training after which it is compared with others: pruners compare trials at equal numbers."""

_STARTUP_TRIALS = 5
"""Complete trials before the first is pruned."""

_WARM_UP_SLOTS = 4
"""Parts of a training that is never pruned."""

_TPE_STARTUP_TRIALS = 10

_LEAST_FOR_IMPORTANCE = 8
_BEST_TRIALS = 6
"""Complete trials from which importances are computed, and the number of the best among them that are compared."""

_LOCKED_S = 60
"""How long the store waits for another process that has it open."""

optuna = LazyModule("optuna")


def check_installed(definition: Definition) -> None:
    """Checks that the packages of the extra `tune` are there.

    Raises:
        MissingExtraError: one is not.
    """
    _ = optuna.__name__
    if definition.sampler == "cmaes":
        _ = LazyModule("cmaes").__name__


@final
class Engine:
    """The trials of a study in its store, and the algorithm that chooses the next.

    Args:
        folder: the folder of the study.
        definition: the study.

    Raises:
        MissingExtraError: Optuna is not installed.
        RunError: the store cannot be opened.
    """

    def __init__(self, folder: Path, definition: Definition) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._path = folder / "study.db"
        self._definition = definition
        self._settings = settings_class(definition.job)
        with self._store():
            self._study = _opened(self, self._path, definition)
            if definition.sampler == "grid":
                self._add_missing(grid(definition))
        self._running: dict[int, Any] = {}

    def _add_missing(self, points: Sequence[Mapping[str, Value]]) -> None:
        """Adds the points of a grid that are no trial yet: a study may have been killed while it added them."""
        trials = self._study.get_trials(deepcopy=False)
        added = {json.dumps(one.system_attrs.get("fixed_params"), sort_keys=True) for one in trials}
        for point in points:
            if json.dumps(point, sort_keys=True) not in added:
                self._study.enqueue_trial(point)

    def ask(self) -> Trial:
        """A new trial with its settings."""
        with self._store():
            return self._drawn(self._study.ask())

    def unfinished(self) -> list[Trial]:
        """The trials that began and did not end."""
        with self._store():
            running = self._study.get_trials(states=(optuna.trial.TrialState.RUNNING,))
            # One that was killed while its settings were drawn gets the rest of them.
            trials = [optuna.trial.Trial(self._study, one._trial_id) for one in running]  # noqa: SLF001 (no other way)
            return [self._drawn(one) for one in trials]

    def report(self, number: int, slot: int, loss: float) -> bool:
        """Records the lowest dev loss after `slot` of `SLOTS` parts of training; whether the trial is hopeless."""
        with self._store():
            trial = self._running[number]
            if len(self._definition.goals) > 1:
                reports = trial.user_attrs.get("reports", {})
                trial.set_user_attr("reports", reports | {str(slot): loss})
                return False
            trial.report(loss, slot)
            return bool(trial.should_prune())

    def complete(self, number: int, goals: Mapping[str, float], losses: list[float]) -> None:
        """Ends a trial with its values."""
        with self._store():
            self._running[number].set_user_attr("losses", losses)
            self._study.tell(number, [goals[name] for name in self._definition.goals])

    def prune(self, number: int, reason: str) -> None:
        """Ends a trial that is hopeless, or whose settings cannot be trained: neither is tried again."""
        with self._store():
            self._running[number].set_user_attr("reason", reason)
            self._study.tell(number, state=optuna.trial.TrialState.PRUNED)

    def fail(self, number: int, reason: str) -> None:
        """Ends a trial that says nothing about its settings."""
        with self._store():
            self._running[number].set_user_attr("reason", reason)
            self._study.tell(number, state=optuna.trial.TrialState.FAIL)

    def trials(self) -> list[Trial]:
        """All trials that have begun, by number."""
        with self._store():
            waiting = optuna.trial.TrialState.WAITING
            return [self._record(one) for one in self._study.get_trials(deepcopy=False) if one.state != waiting]

    @property
    def elapsed_s(self) -> float:
        """Seconds that the study has worked."""
        with self._store():
            return float(self._study.user_attrs.get("elapsed_s", 0.0))

    @elapsed_s.setter
    def elapsed_s(self, seconds: float) -> None:
        with self._store():
            self._study.set_user_attr("elapsed_s", seconds)

    def importances(self) -> dict[str, float]:
        """The part of each setting in the differences of the dev loss, of those that all trials have (PED-ANOVA).

        Empty with fewer than eight complete trials.
        """
        with self._store():
            complete = len(self._study.get_trials(states=(optuna.trial.TrialState.COMPLETE,)))
            if complete < _LEAST_FOR_IMPORTANCE:
                return {}
            # The best of few trials are too few to tell their settings from those of all.
            best = max(0.1, min(0.5, _BEST_TRIALS / complete))
            evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=best)
            target = None if len(self._definition.goals) == 1 else lambda trial: trial.values[0]
            try:
                return dict(optuna.importance.get_param_importances(self._study, evaluator=evaluator, target=target))
            except (ValueError, RuntimeError):  # no setting that all have, or no difference
                return {}

    def _drawn(self, trial: Any) -> Trial:
        def draw(one: Parameter) -> Value:
            if one.choices:
                chosen: Value = trial.suggest_categorical(one.name, list(one.choices))
                return chosen
            if one.is_integer:
                return int(trial.suggest_int(one.name, int(one.low), int(one.high), log=one.log))
            return float(trial.suggest_float(one.name, one.low, one.high, log=one.log))

        self._running[trial.number] = trial
        values = drawn(self._definition.parameters, self._settings, self._definition.base, draw)
        return Trial(trial.number, "unfinished", values)

    def _record(self, one: Any) -> Trial:
        states: dict[str, State] = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
        state = states.get(one.state.name, "unfinished")
        goals = dict(zip(self._definition.goals, one.values, strict=True)) if state == "complete" else {}
        reports = {int(slot): loss for slot, loss in one.user_attrs.get("reports", one.intermediate_values).items()}
        return Trial(
            one.number,
            state,
            dict(one.params),
            goals,
            tuple(one.user_attrs.get("losses", ())) if state == "complete" else (),
            {slot / SLOTS: loss for slot, loss in sorted(reports.items())},
            one.user_attrs.get("reason", ""),
        )

    @contextlib.contextmanager
    def _store(self) -> Iterator[None]:
        """Silences Optuna's notes on experimental features; names the store where it cannot be used."""
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            reason = str(error.__cause__ or error).splitlines()[0]
            raise RunError(
                f"{self._path} cannot be used ({reason}); restore it. The runs in {self._path.parent / 'trials'} are "
                "not in it."
            ) from error


def grid(definition: Definition) -> list[dict[str, Value]]:
    """All combinations of the values of the parameters; a value without effect in one is not in it.

    Raises:
        ConfigError: a parameter is a range.
    """
    ranges = [one for one in definition.parameters if not one.choices]
    if ranges:
        name = ranges[0].name
        raise ConfigError(
            f"`--sampler grid` needs lists of values, and `{name}` has a range; give --search {name}=A,B."
        )
    points: dict[str, dict[str, Value]] = {}
    for values in itertools.product(*(one.choices for one in definition.parameters)):
        point = _point(definition, dict(zip(definition.names, values, strict=True)))
        points.setdefault(json.dumps(point), point)
    return list(points.values())


def _point(definition: Definition, chosen: Mapping[str, Value]) -> dict[str, Value]:
    """The chosen values that have an effect."""
    settings = settings_class(definition.job)
    return drawn(definition.parameters, settings, definition.base, lambda one: chosen[one.name])


def _opened(owner: Engine, path: Path, definition: Definition) -> Any:
    """The study in the SQLite file `path`, which is made if there is none and closed with its owner."""
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415

    # Paths may hold what has a meaning in an address.
    connect = {"creator": lambda: _connected(path), "poolclass": StaticPool}
    storage = optuna.storages.RDBStorage("sqlite://", engine_kwargs=connect)
    weakref.finalize(owner, storage.engine.dispose)
    return optuna.create_study(
        study_name="study",  # Hyperband's brackets depend on it
        storage=storage,
        load_if_exists=True,
        directions=["minimize"] * len(definition.goals),
        sampler=_sampler(definition, storage),
        pruner=_pruner(definition),
    )


def _connected(path: Path) -> Any:
    """A connection whose commits cost one write to the disk instead of three."""
    import sqlite3  # noqa: PLC0415

    connection = sqlite3.connect(path, timeout=_LOCKED_S)
    connection.execute("PRAGMA journal_mode = WAL")
    return connection


def _sampler(definition: Definition, storage: Any) -> Any:
    """The algorithm; its random numbers depend on the seed and the number of trials so far.

    With the seed alone, a study that goes on would suggest what it has suggested before.
    """
    samplers, seed = optuna.samplers, definition.seed
    begun = sum(one.n_trials for one in optuna.get_all_study_summaries(storage))
    varied = (seed * 1_000_003 + begun) % 2**31
    quiet = {"warn_independent_sampling": False}
    several = max(4, min(50, (definition.trials or 64) // 4))
    make = {
        "tpe": lambda: samplers.TPESampler(
            seed=varied,
            multivariate=True,
            group=True,
            constant_liar=definition.workers > 1,
            n_startup_trials=_TPE_STARTUP_TRIALS,
            **quiet,
        ),
        "genetic": lambda: samplers.NSGAIISampler(seed=varied, population_size=several),
        "cmaes": lambda: samplers.CmaEsSampler(seed=varied, **quiet),
        "gp": lambda: samplers.GPSampler(seed=varied, **quiet),
        "qmc": lambda: samplers.QMCSampler(seed=seed, scramble=True, warn_asynchronous_seeding=False, **quiet),
        "random": lambda: samplers.RandomSampler(seed=varied),
        "grid": lambda: samplers.RandomSampler(seed=seed),
    }
    return make[definition.sampler]()


def _pruner(definition: Definition) -> Any:
    pruners = optuna.pruners
    if definition.pruner == "none" or len(definition.goals) > 1:
        return pruners.NopPruner()
    if definition.pruner == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=SLOTS)
    return pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=_WARM_UP_SLOTS)
