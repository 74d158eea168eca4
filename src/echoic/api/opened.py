"""A run folder that was opened: its settings, data, network and records, and how its training is resumed."""

import warnings
from pathlib import Path
from typing import Any, Self

from echoic import sources
from echoic.api.data_reference import read_again
from echoic.api.figures import gallery, run_html
from echoic.api.folds import fit_folds
from echoic.api.phases import TrainProgressFn, chosen_progress
from echoic.api.prepare import check_device
from echoic.api.restoring import load_model, read_baselines, read_calibration, read_metrics, training_result
from echoic.api.sharing import check_same, own_folder
from echoic.api.side_by_side import check_workers
from echoic.api.usable_parts import check_on_error
from echoic.components import Components
from echoic.config.inputs import OnError
from echoic.distributed.joining import joined
from echoic.errors import ChangedDataError, TrainingDataError
from echoic.jobs import get_job, settings_class
from echoic.jobs.base import Fitted, Task
from echoic.metrics.evaluation import Evaluation
from echoic.model import SequenceModel
from echoic.report.gallery import Gallery
from echoic.run import RunFolder, damage_named
from echoic.training import Progress, TrainResult


class OpenedRun:
    """A run folder with its task over the data and its trained network.

    The data are read when they are first needed, and checked against the fingerprint taken in training.
    """

    def __init__(self, folder: RunFolder, data: Any = None, components: Components | None = None) -> None:
        self.folder = folder
        self.config = folder.read_config()
        self._components = Components() if components is None else components
        self._components.check_recorded(self.config["components"], folder.path)
        with damage_named(folder.path / "config.json"):
            self.job = get_job(self.config["job"])
            self.settings = settings_class(self.config["job"]).build(self.config["settings"])
            self.settings.check_planned()
        self._data = self.config["data"]["path"] if data is None else data
        self._fitted: Fitted[Any] | None = None

    def __repr__(self) -> str:
        return f"Run(job={self.job.name!r}, path={str(self.path)!r})"

    def _repr_html_(self) -> str:
        return run_html(self)

    @property
    def path(self) -> Path:
        """The run folder."""
        return self.folder.path

    @property
    def components(self) -> Components:
        """The user's own parts of the network."""
        return self._components

    @property
    def seed(self) -> int:
        """The seed of weights, batch order and dropout."""
        return self.settings.train.seed

    @property
    def fitted(self) -> Fitted[Any]:
        """Task, network and calibration, loaded once.

        Raises:
            RunError: the folder is damaged or has no model yet.
            DataError: the training data are needed, and are missing or have changed.
        """
        if self._fitted is None:
            task = self._restore_task(sources.LazyDataset(self._read, self.folder.read_series))
            model = load_model(task, self.folder, own_parts=bool(self._components.paths))
            calibration = read_calibration(self.job, self.folder, task)
            self._fitted = Fitted(task, model, calibration, read_baselines(self.job, self.folder, task))
        return self._fitted

    @property
    def model(self) -> SequenceModel:
        """The network with the weights of the lowest dev loss."""
        return self.fitted.model

    def plot(self, evaluation: Evaluation | None = None) -> Gallery:
        """The learning curves, and the charts of an evaluation, by name, as figures of matplotlib.

        Notebooks show them; `run.plot()["loss"].savefig("loss.png")` saves one.
        """
        return gallery(self, evaluation)

    def notes(self) -> list[str]:
        """What a user should know of the trained model: what dev decided, and how surely."""
        return self.job.notes(read_calibration(self.job, self.folder) or {})

    def metrics(self) -> list[dict[str, Any]]:
        """One row per dev evaluation: losses, learning rate, skipped steps."""
        return read_metrics(self.folder)

    def result(self) -> dict[str, Any]:
        """The result of training: best dev loss and its step, epochs and steps in total.

        After a refit, which trains on dev as well, there is no dev loss.
        """
        return training_result(self.folder)

    def fold_runs(self) -> list[Self]:
        """The runs of cross-validation; empty without."""
        return [type(self)(folder, self._data, self._components) for folder in self.folder.folds()]

    def resume(self, on_progress: TrainProgressFn | None = None, *, workers: int = 1) -> TrainResult:
        """Resumes training from the newest intact checkpoint; on the CPU, bit for bit as if it had never stopped.

        Warns that the run is finished if no step was left: `echoic.train(..., from_run=run.path)` trains on.

        Args:
            on_progress: called after every step, as for `echoic.train`.
            workers: processes that train the folds of cross-validation side by side.

        Raises:
            ConfigError: this machine does not have the device of the run, or there are several `workers` and no folds.
            RunError: another process writes this run, or no checkpoint can be read.
            Interrupted: SIGINT, SIGTERM or SIGHUP was received; the run can be resumed.
        """
        check_device(self.settings.train)
        steps, report = 0, chosen_progress(on_progress)

        def count(progress: Progress) -> None:
            nonlocal steps
            steps += 1
            report(progress)

        ranks = joined()
        folder = own_folder(ranks, self.folder)
        with folder.lock():
            with ranks.together():
                task = self._restore_task(self._read())
                check_workers(workers, task)
            check_same(ranks, self.job.name, task)
            result = fit_folds(folder, self.job.name, task, self._data, count, workers)
        if not ranks.is_first:
            self.folder = folder  # a copy of the trained run, for a machine that may not have the other one
        self._fitted = None
        if not steps:
            warnings.warn(
                f"{self.path} is finished: no step was left. To train on: `echoic train --from {self.path} -o NEW`, in "
                f'Python `echoic.train("{self.job.name}", from_run="{self.path}")`.',
                stacklevel=2,
            )
        return result

    def _restore_task(self, dataset: sources.DatasetLike) -> Task[Any]:
        codec = self.folder.read_codec()
        with damage_named(self.path / "codec.json"):
            task: Task[Any] = self.job.task_class.restore(dataset, self.settings, codec)
        return task.with_components(self._components)

    def _using(self, on_error: OnError) -> Fitted[Any]:
        """`fitted`, with this treatment of new data that cannot be used."""
        check_on_error(on_error)
        return self.fitted._replace(task=self.fitted.task.with_on_error(on_error))

    def _require_data(self, data: Any) -> None:
        """Checks the run's own data, if there are no new `data`.

        Raises:
            TrainingDataError: they are missing or have changed.
        """
        if data is None:
            _ = self.fitted.task.dataset.series

    def _refuse_changed_data(self) -> None:
        """Predictions from the copies of the data in the run folder would be out of date if the data have changed."""
        try:
            self._require_data(None)
        except ChangedDataError:
            raise
        except TrainingDataError:
            return  # whether the folder suffices is up to the job

    def _read(self) -> sources.Dataset:
        return read_again(self.path, self._data, self.settings.data, self.config["data"]["fingerprint"])
