"""Interfaces of a job: its task on one dataset, and the operations on a trained task."""

import abc
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from numpy.typing import NDArray

from echoic.components import Components
from echoic.config import JobSettings
from echoic.config.inputs import OnError
from echoic.metrics.evaluation import Evaluation
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.report.charts import Chart
from echoic.sources import DatasetLike
from echoic.training import Batches
from echoic.types import Series

S = TypeVar("S", bound=JobSettings)

Table = dict[str, NDArray[Any]]
"""Columns by name, all of the same length."""


@dataclass(frozen=True, eq=False)
class Task(abc.ABC, Generic[S]):
    """A job applied to one data set: resolved settings, fitted codecs, batches.

    Made by `prepare` before training, and by `restore` from a run folder.
    """

    settings_class: ClassVar[type[JobSettings]]

    dataset: DatasetLike

    settings: S
    """The job's settings, with every open choice resolved."""

    components: Components = field(default=Components(), kw_only=True)
    """Parts of the network that the user passed as objects."""

    @classmethod
    @abc.abstractmethod
    def prepare(cls, dataset: DatasetLike, settings: S, on_progress: ProgressFn = no_progress) -> Self:
        """Splits the data, fits codecs on the train split and resolves every open choice of `settings`.

        `on_progress` is called with the clips that are prepared and their number, where that takes time.

        Raises:
            DataError: the data do not suffice.
            ConfigError: settings contradict each other, or have no effect.
        """

    @classmethod
    @abc.abstractmethod
    def restore(cls, dataset: DatasetLike, settings: S, codec_state: Mapping[str, Any]) -> Self:
        """The task as it was when `codec_state` was written; fits nothing.

        `dataset` may be lazy and its files gone: read it only where a split is needed, and `dataset.kept` otherwise.
        """

    def continued(self, dataset: DatasetLike, settings: S) -> Self:
        """The task of training on with other data, whose codecs and classes stay as they are.

        Raises:
            DataError: the data have symbols, classes or columns that the task has not; the message names them.
        """
        return self.restore(dataset, settings, self.codec_state())

    @abc.abstractmethod
    def codec_state(self) -> dict[str, Any]:
        """The fitted state of the codecs, as plain JSON values."""

    @property
    def kept_series(self) -> Sequence[Series]:
        """The series to copy into the run folder, because using the run on new data needs them; none by default."""
        return ()

    @abc.abstractmethod
    def build_model(self) -> SequenceModel:
        """A new network; its weights are drawn from torch's default generator."""

    @abc.abstractmethod
    def train_batches(self) -> Batches:
        """Batches of the train split."""

    @abc.abstractmethod
    def dev_batches(self) -> Batches | None:
        """Batches of the dev split; None if it is empty."""

    @abc.abstractmethod
    def data_report(self) -> dict[str, Any]:
        """Counts and notes on the data, the sizes of the splits, and what was left out."""

    def with_components(self, components: Components) -> Self:
        """The same task with parts of the network from the user."""
        return replace(self, components=components)

    def with_threads(self, threads: int) -> Self:
        """The same task, which shares what is cached, with another number of threads in its settings."""
        other = copy.copy(self)
        object.__setattr__(other, "settings", self.settings.replaced(threads=threads))
        return other

    def with_on_error(self, on_error: OnError) -> Self:
        """The same task, which shares what is cached, with another treatment of new data that cannot be used."""
        other = copy.copy(self)
        object.__setattr__(other, "settings", self.settings.replaced(on_error=on_error))
        return other

    @property
    def supports_scheduled_sampling(self) -> bool:
        """Whether the input at each step is the target of the step before."""
        return False

    @property
    def should_refit(self) -> bool:
        """Whether a second network is trained on train and dev, for the number of steps that was best on dev."""
        return False

    def refit_batches(self) -> Batches:
        """Batches of train and dev together, for `should_refit`."""
        return self.train_batches()

    @property
    def folds(self) -> Sequence[S]:
        """The settings of each fold of cross-validation; empty without."""
        return ()

    def fold(self, settings: S) -> Self:
        """The task of one fold, over the same data."""
        return self.prepare(self.dataset, settings)

    @property
    def calibration_folds(self) -> Sequence[Self]:
        """Tasks on parts of train and dev, each with a network of its own that calibration requires."""
        return ()

    def calibrate_by_folds(self, model: SequenceModel, fold_models: Sequence[SequenceModel]) -> dict[str, Any] | None:
        """As `calibrate`, with the trained networks of `calibration_folds`."""
        del fold_models
        return self.calibrate(model)

    def calibrate(self, model: SequenceModel) -> dict[str, Any] | None:
        """Calibrates the trained network on dev; returns plain JSON values, or None without calibration."""
        del model
        return None

    def fit_baselines(self, calibration: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Baselines that learn from the training data, as plain JSON values; None if evaluation needs none.

        They are kept in the run folder, so that new data can be evaluated without the training data.
        """
        del calibration
        return None


T = TypeVar("T", bound=Task[Any])


class Fitted(NamedTuple, Generic[T]):
    """A task with its trained network, its calibration on dev, and the baselines that the run folder has."""

    task: T
    model: SequenceModel
    calibration: dict[str, Any] | None
    baselines: dict[str, Any] | None = None


class Job(abc.ABC, Generic[T]):
    """A kind of work: its task, evaluation and charts.

    Optional operations are protocols in `echoic.jobs.capabilities`, which a job supports by having their methods.
    """

    name: ClassVar[str]
    task_class: type[T]

    @abc.abstractmethod
    def evaluate(self, fitted: Fitted[T], data: Any, split: str, on_progress: ProgressFn) -> Evaluation:
        """Scores on a split of the run's own data (`data` None), or on new `data`.

        Raises:
            DataError: there is nothing to evaluate.
        """

    def check_calibration(self, calibration: Mapping[str, Any], task: T | None) -> None:
        """Checks that everything that is needed can be read from the contents of calibration.json.

        With a `task`, also that it fits the task.

        Raises:
            ValueError: something is missing, or does not fit.
        """
        del task
        self.notes(calibration)

    def check_baselines(self, baselines: Mapping[str, Any], task: T) -> None:
        """Checks that everything that is needed can be read from the contents of baselines.json, and fits the task."""

    def notes(self, calibration: Mapping[str, Any]) -> list[str]:
        """Sentences on what dev decided, from the calibration of a run, for users to read after training."""
        del calibration
        return []

    @abc.abstractmethod
    def charts(self, fitted: Fitted[T], metrics: Sequence[Mapping[str, Any]], evaluation: Any) -> list[Chart]:
        """The charts of the report; without an evaluation (None), only those that do not depend on one."""
