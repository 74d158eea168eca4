"""A study as it is read: from its folder and its store."""

from pathlib import Path
from typing import Any

from echoic.api.run import Run, load
from echoic.errors import RunError
from echoic.jobs.base import Table
from echoic.studies.confirmation import Confirmed, confirmed, verdict, winner
from echoic.studies.definition import read_definition
from echoic.studies.engine import check_installed
from echoic.studies.frames import frame
from echoic.studies.opened import OpenStudy
from echoic.studies.orders import trial_runs
from echoic.studies.records import Trial, front
from echoic.studies.winner import winning_run


class StoredStudy:
    """A study in its folder and its store: trials, winner, confirmation, and the runs that can be reached."""

    def __init__(self, path: Path, data: Any = None, storage: str | None = None) -> None:
        self.path = path
        self.definition = read_definition(path)
        check_installed(self.definition)
        self._data = data
        self._storage = storage
        self._found: OpenStudy | None = None

    def __repr__(self) -> str:
        return f"Study(job={self.definition.job!r}, path={str(self.path)!r})"

    @property
    def trials(self) -> list[Trial]:
        """All trials by number: settings, dev losses, state.

        Raises:
            RunError: the store of the study cannot be used.
        """
        return self.opened.search.trials()

    @property
    def winner(self) -> Trial:
        """The trial of the chosen settings.

        Raises:
            RunError: no trial is complete.
        """
        found = winner(self.confirmation, self.trials)
        if found is None:
            raise RunError(f"{self.path} has no complete trial yet; resume it with `{self.resume_command}`.")
        return found

    @property
    def best(self) -> Run:
        """The run of the winner, a copy in the folder `best`: of its settings, that of the lowest dev loss.

        Raises:
            RunError: the study has not ended yet.
        """
        return load(winning_run(self.path), data=self.local_data)

    @property
    def confirmation(self) -> list[Confirmed]:
        """The best trials of the search with their dev losses for fresh seeds, the first winner first."""
        return confirmed(self.definition, self.trials, self.opened.fresh.losses())

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
        return self.opened.search.importances()

    @property
    def has_several_hosts(self) -> bool:
        """Whether hosts share the study."""
        return self.opened.store.is_shared

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
        place = next((trial.place for trial in self.trials if trial.number == number), None)
        name, here = trial_runs(number, 1)[0], self.opened.place
        folder = self.path if place is None or place.id == here.id else place.path
        if folder is None and place is not None:
            raise RunError(f"Trial {number} is on {place.host}, in {place.folder}/{name}, not reachable from here.")
        return load((folder or self.path) / name, data=self.local_data)

    def frame(self) -> Table:
        """One row per trial: number, state, goals, `loss_std` and `seeds`, and the searched settings as columns.

        Settings that were not drawn are NaN, or the empty text. `pandas.DataFrame(study.frame())` is a table.
        """
        return frame(self.definition, self.trials)

    @property
    def local_data(self) -> Any:
        """The data, if runs do not know where they are: those of other hosts name the place there."""
        return self.definition.data if self._data is None and self.opened.store.is_shared else self._data

    @property
    def opened(self) -> OpenStudy:
        """The store of the study."""
        if self._found is None:
            self._found = OpenStudy(self.path, self.definition, self._storage)
        return self._found
