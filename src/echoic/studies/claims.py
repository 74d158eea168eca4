"""Which host trains which trial: each is given to one, and that of a dead host to another.

A trial that is trained is RUNNING in the store, and names the place that trains it. It stays so whatever is killed, and
keeps its number; so none is lost and none counts twice.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, final

from echoic.studies.place import Place
from echoic.studies.store import Store, optuna

_PLACE = "place"
"""The attribute of a trial that names who trains it."""


class Claim(NamedTuple):
    """A trial that this host trains now.

    Attributes:
        trial: as the store has it.
        before: the place that began it, if it is another one.
    """

    trial: Any
    before: Place | None


@final
class Claims:
    """The trials of one of Optuna's studies that this process trains.

    Args:
        store: the database.
        study: Optuna's study.
        place: of this process.
    """

    def __init__(self, store: Store, study: Any, place: Place) -> None:
        self._store = store
        self._study = study
        self._place = place
        self._held: dict[int, int] = {}
        """The ids of trials in the store by number."""

    def abandoned(self, is_wanted: Callable[[Any], bool] = lambda _: True) -> Claim | None:
        """A trial that has begun and that nobody trains, which is this place's from now on; only in `Store.locked`."""
        stale: set[int] | None = None
        for one in self._running():
            if one.number in self._held or not is_wanted(one):
                continue
            before = place_of(one)
            # Trials are given out in a lock: one without a place was begun by a process that was killed in it.
            if before is not None and before.id != self._place.id:
                stale = self._stale() if stale is None else stale
                if one._trial_id not in stale:  # noqa: SLF001 (no other way)
                    continue
            self.hold(one.number, one._trial_id)  # noqa: SLF001
            return Claim(one, before if before is not None and before.id != self._place.id else None)
        return None

    def hold(self, number: int, trial_id: int) -> None:
        """Makes a trial that of this place; only in `Store.locked`."""
        if self._store.is_shared:
            self._store.storage.record_heartbeat(trial_id)  # before its place: one with a place has a heartbeat
        self._store.storage.set_trial_user_attr(trial_id, _PLACE, list(self._place))
        self._held[number] = trial_id

    def holds(self, number: int) -> bool:
        """Whether a trial is still this place's: one that gave no sign of life for long may be that of another."""
        if not self._store.is_shared:
            return True
        one = self._store.storage.get_trial(self._held[number])
        place = place_of(one)
        return one.state == optuna.trial.TrialState.RUNNING and place is not None and place.id == self._place.id

    def release(self, number: int) -> None:
        """Gives up a trial that has ended, or is that of another place."""
        del self._held[number]

    def other_hosts_train(self, is_wanted: Callable[[Any], bool] = lambda _: True) -> bool:
        """Whether trials are in work elsewhere, which may come here if their host dies."""
        return any(is_wanted(one) for one in self._running() if one.number not in self._held)

    def beat(self) -> None:
        """Signs for all trials of this process that it lives."""
        for number, trial_id in list(self._held.items()):
            if self.holds(number):
                self._store.storage.record_heartbeat(trial_id)

    def _running(self) -> list[Any]:
        found: list[Any] = self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
        return found

    def _stale(self) -> set[int]:
        if not self._store.is_shared:
            return set()
        return set(self._store.storage._get_stale_trial_ids(self._study._study_id))  # noqa: SLF001 (no other way)


def place_of(trial: Any) -> Place | None:
    """Who trains a trial of the store, or has trained it."""
    found = trial.user_attrs.get(_PLACE)
    return None if found is None else Place(*found)
