"""Trainings with fresh seeds in the store: each is done once, by one host."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from echoic.studies.claims import Claim, Claims, place_of
from echoic.studies.orders import confirmation_run
from echoic.studies.place import Place
from echoic.studies.store import Store, optuna
from echoic.studies.takeover import adopt

Key = tuple[int, int]
"""The number of a trial, and that of a fresh seed."""


class Fresh(NamedTuple):
    """A training with a fresh seed.

    Attributes:
        loss: its dev loss.
        place: where its run is.
    """

    loss: float
    place: Place | None


@final
class FreshTrainings:
    """The trainings of a confirmation: another one of Optuna's studies, beside that of the search.

    Args:
        folder: the folder of the study.
        store: its database.
        place: who trains here.

    Raises:
        RunError: the store cannot be used.
    """

    def __init__(self, folder: Path, store: Store, place: Place) -> None:
        self._folder = folder
        self._store = store
        name = f"{store.study}-confirmation"
        with store.locked():
            self._study = store.opened(name, 1)
            self._id = store.storage.get_study_id_from_name(name)
        self._claims = Claims(store, self._study, place)
        self._numbers: dict[Key, int] = {}

    def next(self, wanted: Sequence[Key]) -> Key | None:
        """One of `wanted` that nobody trains and that is not done, the first one first."""
        with self._store.locked():
            claim = self._claims.abandoned(lambda one: _key(one) in wanted) or self._new(wanted)
        if claim is None:
            return None
        key = _key(claim.trial)
        if claim.before is not None:
            adopt(self._folder, claim.before, [confirmation_run(*key)])
        self._numbers[key] = claim.trial.number
        return key

    def _new(self, wanted: Sequence[Key]) -> Claim | None:
        begun = {_key(one) for one in self._study.get_trials(deepcopy=False)}
        key = next((one for one in wanted if one not in begun), None)
        if key is None:
            return None
        attributes = {"trial": key[0], "seed": key[1]}
        new = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING, user_attrs=attributes)
        trial_id = self._store.storage.create_new_trial(self._id, new)
        trial = self._store.storage.get_trial(trial_id)
        self._claims.hold(trial.number, trial_id)
        return Claim(trial, None)

    def other_hosts_train(self, wanted: Sequence[Key]) -> bool:
        """Whether one of `wanted` is in work elsewhere."""
        with self._store.using():
            return self._claims.other_hosts_train(lambda one: _key(one) in wanted)

    def end(self, key: Key, loss: float | None) -> bool:
        """Ends a training with its loss, or without one; false if another host has taken it over."""
        number = self._numbers.pop(key)
        with self._store.locked():
            is_ours = self._claims.holds(number)
            if is_ours:
                state = None if loss is not None else optuna.trial.TrialState.FAIL
                self._study.tell(number, loss, state)
            self._claims.release(number)
            return is_ours

    def beat(self) -> None:
        """Signs that this host lives."""
        with self._store.using():
            self._claims.beat()

    def losses(self) -> dict[Key, Fresh]:
        """What is done."""
        with self._store.using():
            complete = self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
            return {_key(one): Fresh(one.value, place_of(one)) for one in complete}


def _key(trial: Any) -> Key:
    return trial.user_attrs["trial"], trial.user_attrs["seed"]
