"""The search in the store: trials are begun and ended there, by the one process of each host that holds the study.

Workers never open the store. A trial whose worker or whose whole study was killed stays as it is in the store, RUNNING
with its settings, and is given to another worker; so none is lost and none counts twice.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from echoic.extras import LazyModule
from echoic.jobs import settings_class
from echoic.studies.claims import Claim, Claims
from echoic.studies.definition import Definition
from echoic.studies.grids import grid
from echoic.studies.importances import importances
from echoic.studies.orders import trial_runs
from echoic.studies.place import Place
from echoic.studies.recorded import recorded
from echoic.studies.records import Trial
from echoic.studies.samplers import pruner, sampler
from echoic.studies.space import Parameter, Value, default_point, drawn
from echoic.studies.store import Store, optuna
from echoic.studies.takeover import adopt


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
        store: its database.
        place: who trains here.

    Attributes:
        study: Optuna's study.

    Raises:
        RunError: the store cannot be used.
    """

    def __init__(self, folder: Path, definition: Definition, store: Store, place: Place) -> None:
        self._folder = folder
        self._definition = definition
        self._settings = settings_class(definition.job)
        self._store = store
        with store.locked():
            self.study = store.opened(store.study, len(definition.goals), pruner=pruner(definition))
            begun = len(self.study.get_trials(deepcopy=False))
            self.study.sampler = sampler(definition, begun, place.id)
            first = default_point(definition.parameters, definition.base)
            if definition.sampler == "grid":
                self._add_missing(grid(definition))
            elif not begun and first:
                self.study.enqueue_trial(first)
        self._claims = Claims(store, self.study, place)
        self._training: dict[int, Any] = {}

    def _add_missing(self, points: Sequence[Mapping[str, Value]]) -> None:
        """Adds the points of a grid that are no trial yet: a study may have been killed while it added them."""
        trials = self.study.get_trials(deepcopy=False)
        added = {json.dumps(one.system_attrs.get("fixed_params"), sort_keys=True) for one in trials}
        for point in points:
            if json.dumps(point, sort_keys=True) not in added:
                self.study.enqueue_trial(point)

    def next(self, most: int | None) -> Trial | None:
        """A trial that has begun and that nobody trains, or a new one if there are fewer than `most` over all hosts."""
        with self._store.locked():
            claim = self._claims.abandoned() or self._new(most)
        if claim is None:
            return None
        with self._store.using():
            if claim.before is not None:
                adopt(self._folder, claim.before, trial_runs(claim.trial.number, self._definition.seeds))
            # One that was killed while its settings were drawn gets the rest of them.
            return self._drawn(optuna.trial.Trial(self.study, claim.trial._trial_id))  # noqa: SLF001 (no other way)

    def _new(self, most: int | None) -> Claim | None:
        if most is not None and len(self._begun()) >= most:
            return None
        trial = self.study.ask()
        self._claims.hold(trial.number, trial._trial_id)  # noqa: SLF001
        return Claim(trial, None)

    def other_hosts_train(self) -> bool:
        """Whether trials are in work elsewhere, which may come here if their host dies."""
        with self._store.using():
            return self._claims.other_hosts_train()

    def report(self, number: int, slot: int, loss: float) -> bool:
        """Records the lowest dev loss after `slot` of `SLOTS` parts of training.

        Returns:
            Whether the training should stop: the trial is hopeless, or another host has taken it over.
        """
        with self._store.using():
            if not self._claims.holds(number):
                return True
            trial = self._training[number]
            if len(self._definition.goals) > 1:
                reports = trial.user_attrs.get("reports", {})
                trial.set_user_attr("reports", reports | {str(slot): loss})
                return False
            trial.report(loss, slot)
            return bool(trial.should_prune())

    def complete(self, number: int, goals: Mapping[str, float], losses: list[float]) -> bool:
        """Ends a trial with its values; false if it is that of another host meanwhile, and counts there."""
        return self._end(number, {"losses": losses}, values=[goals[name] for name in self._definition.goals])

    def prune(self, number: int, reason: str) -> bool:
        """Ends a trial that is hopeless, or whose settings cannot be trained: neither is tried again."""
        return self._end(number, {"reason": reason}, state=optuna.trial.TrialState.PRUNED)

    def fail(self, number: int, reason: str) -> bool:
        """Ends a trial whose end does not depend on its settings."""
        return self._end(number, {"reason": reason}, state=optuna.trial.TrialState.FAIL)

    def _end(self, number: int, attributes: Mapping[str, Any], **outcome: Any) -> bool:
        with self._store.locked():
            trial = self._training.pop(number)
            is_ours = self._claims.holds(number)
            if is_ours:
                for name, value in attributes.items():
                    trial.set_user_attr(name, value)
                self.study.tell(number, **outcome)
            self._claims.release(number)
            return is_ours

    def beat(self) -> None:
        """Signs that this host lives."""
        with self._store.using():
            self._claims.beat()

    def trials(self) -> list[Trial]:
        """All trials that have begun, by number."""
        with self._store.using():
            return [recorded(one, self._definition.goals) for one in self._begun()]

    def _begun(self) -> list[Any]:
        waiting = optuna.trial.TrialState.WAITING
        return [one for one in self.study.get_trials(deepcopy=False) if one.state != waiting]

    @property
    def elapsed_s(self) -> float:
        """Seconds that the study has worked."""
        with self._store.using():
            return float(self.study.user_attrs.get("elapsed_s", 0.0))

    @elapsed_s.setter
    def elapsed_s(self, seconds: float) -> None:
        with self._store.using():
            # Every host counts from what the store has had at its begin; the largest count is the time of the study.
            if seconds > self.study.user_attrs.get("elapsed_s", 0.0):
                self.study.set_user_attr("elapsed_s", seconds)

    def importances(self) -> dict[str, float]:
        """The part of each setting in the differences of the dev loss; see `echoic.studies.importances`."""
        with self._store.using():
            return importances(self.study, len(self._definition.goals))

    def _drawn(self, trial: Any) -> Trial:
        def draw(one: Parameter) -> Value:
            if one.choices:
                chosen: Value = trial.suggest_categorical(one.name, list(one.choices))
                return chosen
            if one.is_integer:
                return int(trial.suggest_int(one.name, int(one.low), int(one.high), log=one.log))
            return float(trial.suggest_float(one.name, one.low, one.high, log=one.log))

        self._training[trial.number] = trial
        values = drawn(self._definition.parameters, self._settings, self._definition.base, draw)
        return Trial(trial.number, "unfinished", values)
