"""What every job can do, and the one way from data to a run."""

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, Self

from echoic.config import JobSettings, TrainSettings
from echoic.errors import ConfigError
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.sources import DatasetLike
from echoic.training import Batches


class Task(abc.ABC):
    """A job laid over one data set: settings with every choice made, fitted codecs, batches.

    Made by `fit` before training, and by `restore` from what a run folder holds.
    """

    settings_class: ClassVar[type[JobSettings]]
    name: ClassVar[str]

    settings: Any
    """The job's settings, every open choice made."""

    dataset: DatasetLike

    @classmethod
    @abc.abstractmethod
    def fit(cls, dataset: DatasetLike, settings: Any, on_prepare: ProgressFn = no_progress) -> Self:
        """Splits, fits codecs on the training part and makes every choice that `settings` leave open.

        `on_prepare` hears of the preparation of the data, where that takes time.

        Raises:
            DataError: the data do not suffice.
            ConfigError: settings that do not go together.
        """

    @classmethod
    @abc.abstractmethod
    def restore(cls, dataset: DatasetLike, settings: Any, codec: Mapping[str, Any]) -> Self:
        """The task as it was when `codec` was written: nothing is fitted again.

        The data may be gone; who can do without them should not ask for them before they are needed.
        """

    @abc.abstractmethod
    def codec_state(self) -> dict[str, Any]:
        """The fitted state of the codecs, as plain JSON values."""

    @abc.abstractmethod
    def build_model(self) -> SequenceModel:
        """A new network; weights are drawn from torch's generator."""

    @abc.abstractmethod
    def train_batches(self) -> Batches:
        """Batches of the training part."""

    @abc.abstractmethod
    def dev_batches(self) -> Batches | None:
        """Batches of the dev part, if there is one."""

    @property
    def supports_scheduled_sampling(self) -> bool:
        """Whether what the network tells at a step is its input at the next, as `scheduled_sampling` needs."""
        return False

    @property
    def should_refit(self) -> bool:
        """Whether, once dev has shown how long to train, a network is trained anew on train and dev."""
        return False

    def refit_batches(self) -> Batches:
        """Batches of train and dev together, for `should_refit`."""
        return self.train_batches()

    @property
    def folds(self) -> Sequence[Any]:
        """For cross-validation: the settings of a run for each fold; by default none."""
        return ()

    def fold(self, settings: Any) -> Self:
        """The task of a fold with these settings, over the same data."""
        return self.fit(self.dataset, settings)

    @abc.abstractmethod
    def data_report(self) -> dict[str, Any]:
        """What was found in the data, how it was split and what was left out."""

    def calibrate(self, model: SequenceModel) -> dict[str, Any] | None:
        """What has to be fitted on dev once training is over, as plain JSON values; by default nothing."""
        del model
        return None

    @property
    def train_settings(self) -> TrainSettings:
        """The settings of the loop."""
        settings: TrainSettings = self.settings.train
        return settings


class Fitted(NamedTuple):
    """A task with its trained network, and what was calibrated on dev."""

    task: Any
    model: SequenceModel
    calibration: dict[str, Any] | None


class Evaluation(Protocol):
    """What scoring gives, whatever the job: the model's scores beside those of the naive ways, and over what."""

    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]

    @property
    def description(self) -> str:
        """What was scored and in which units: `96 windows, errors in kW`."""

    @property
    def details(self) -> dict[str, Any]:
        """What else there is, as plain JSON values."""


AUDIO_OPTIONS = ("streams", "prob_floor", "loudness_temperature")
"""Fields of a request that only sound has."""


@dataclass(frozen=True)
class GenerateRequest:
    """What `generate` is asked for.

    `prime` and `length` mean what the job says they do; a temperature of None is the job's own choice. `on_chunk` is
    called with each piece as soon as it is there, by jobs whose work can be followed.
    """

    length: int | str | None = None
    prime: Any = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    prob_floor: float = 0.0
    loudness_temperature: float | None = None
    streams: int = 1
    seed: int = 0
    on_chunk: Callable[[Any], None] = lambda _: None


def _predict_unsupported(*_: Any) -> Any:
    raise ConfigError(
        "`predict` is for forecasts, classes and events; let this run `generate`, or `eval` it on new data."
    )


def generate_unsupported(*_: Any) -> Any:
    """For jobs whose networks do not go on by themselves.

    Raises:
        ConfigError: always.
    """
    raise ConfigError("This run tells what is there and does not go on by itself; use `echoic predict`.")


def _backtest_unsupported(*_: Any, **__: Any) -> Any:
    raise ConfigError("A backtest is for forecasts.")


@dataclass(frozen=True)
class Job:
    """A job as the table of jobs knows it: its task, and what can be done with a trained one.

    `evaluate(fitted, data, part, on_progress=..., **options)` scores; `data` None means the run's own.
    `generate(fitted, request)` lets the model feed itself.
    `charts(fitted, metrics, evaluation)` draws the report; without an evaluation, what can be drawn without one.
    `generates_audio`: whether requests may have the fields `AUDIO_OPTIONS`.
    `scores_windows`: whether `evaluate` takes a `stride`.
    `predict(fitted, data)` gives a long table of what the model says of `data`.
    `backtest(fitted, data, part, stride)` gives every forecast behind the scores as a long table.
    `aggregate_folds(evaluations)` makes one evaluation of those of all folds.
    """

    task: type[Task]
    evaluate: Callable[..., Any]
    generate: Callable[..., Any]
    charts: Callable[..., Any]
    scores_windows: bool = False
    generates_audio: bool = False
    predict: Callable[..., Any] = _predict_unsupported
    backtest: Callable[..., Any] = _backtest_unsupported
    aggregate_folds: Callable[[Sequence[Any]], Any] | None = None
