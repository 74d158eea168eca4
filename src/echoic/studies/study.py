"""A study, opened from its folder: its progress, its winner's run, and its report."""

import warnings
from pathlib import Path
from typing import Any, final

from echoic.errors import ConfigError
from echoic.run.lock import file_lock
from echoic.studies.best import chosen_run, collect
from echoic.studies.definition import Definition, write_definition
from echoic.studies.postgresql import grace_s
from echoic.studies.shared import extend, published
from echoic.studies.stored_study import StoredStudy
from echoic.studies.work import OnConfirmed, OnTrial, check_complete, ignore, work
from echoic.workers.stopping import resumable


@final
class Study(StoredStudy):
    """A study of runs whose settings were chosen by their dev loss.

    Returned by `echoic.tune`, `echoic.load_study` and `echoic.join_study`.
    """

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

        Unfinished trials resume from their checkpoints.

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
            self._change(definition, changed)
            work(self.path, self.definition, self._data, self.opened, on_trial, on_confirmed)
            check_complete(self.path, self.trials, self.resume_command)
            elsewhere = self._collect(grace_s() if self.opened.store.is_shared else 0.0)
        if elsewhere:
            warnings.warn(elsewhere, stacklevel=2)

    def collect(self) -> str:
        """Copies the run of the winner so far with the lowest dev loss to `best`, from the host that has it.

        Returns:
            Nothing, or the sentence where it is if it cannot be reached from this host.

        Raises:
            RunError: another process works on the study, no trial is complete, or the run cannot be copied.
        """
        with file_lock(self.path / "study.lock"):
            return self._collect(0.0)

    def _collect(self, wait_s: float) -> str:
        """As `collect`, in the lock; waits so long for the other host to put the run into the store."""
        chosen = chosen_run(self.winner, self.confirmation)
        if collect(self.path, self.opened, chosen, wait_s) or chosen.place is None:
            return ""
        host, folder = chosen.place.host, chosen.place.folder
        return (
            f"The winner is on {host}, in {folder}/{chosen.run}, which cannot be reached from here; share that folder "
            f"under the same path, or run `echoic tune --resume {folder} --collect` there, and then "
            f"`{self.resume_command} --collect` here."
        )

    def _change(self, definition: Definition, changed: dict[str, Any]) -> None:
        """Has new totals apply here and to hosts that join later; takes over those of other hosts."""
        store = self.opened.store
        if store.is_shared:
            given = published(store)
            totals = {name: changed.get(name, getattr(given, name)) for name in ("trials", "minutes")}
            definition = definition.model_copy(update=totals)
            if changed.keys() & totals.keys():
                extend(store, given.model_copy(update=totals))
        if definition != self.definition:
            write_definition(self.path, definition)
            self.definition = definition
        self._found = None  # what a session before has begun in this process is nobody's now


def load_study(path: str | Path, *, data: Any = None, storage: str | None = None) -> Study:
    """Opens the folder of a study.

    Args:
        path: the folder.
        data: the data, if they were in memory.
        storage: the URL of the store, if its password is not in PGPASSWORD or ~/.pgpass.

    Raises:
        ConfigError: `storage` is not the URL of a PostgreSQL database.
        MissingExtraError: Optuna is not installed.
        RunError: there is no study at `path`, or it is damaged.
    """
    return Study(Path(path), data, storage)
