"""Optional capabilities of jobs, from which verbs, options and error messages derive."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from echoic.errors import ConfigError
from echoic.jobs import JOBS, get_job, settings_class
from echoic.jobs.base import Fitted, Job, Table
from echoic.metrics.evaluation import Evaluation
from echoic.progress import ProgressFn
from echoic.streams.live import LiveStream


@runtime_checkable
class Predicts(Protocol):
    """Jobs that predict from given data: forecasts, classes, or events."""

    def predict(self, fitted: Fitted[Any], data: Any) -> Table:
        """Predictions for `data` (None: the run's own) as a long table."""


@runtime_checkable
class WritesSignals(Protocol):
    """Jobs whose predictions are signals, which files other than tables hold."""

    signal_endings: Sequence[str]
    """Endings of such files."""

    def write_signals(self, fitted: Fitted[Any], data: Any, output: Path, on_progress: ProgressFn) -> str:
        """Writes the predictions for `data`; returns a summary in one line.

        Raises:
            ConfigError: the predictions do not fit into such a file.
        """


@runtime_checkable
class ChecksNewData(Protocol):
    """Jobs that can say what is odd about new data before they predict."""

    def notes_on_new(self, fitted: Fitted[Any], files: Sequence[Any]) -> list[str]:
        """Sentences on the data to predict, which are given one by one."""


@runtime_checkable
class Generates(Protocol):
    """Jobs with autoregressive networks; options are those of the settings' `request_class`."""

    def generate(self, fitted: Fitted[Any], request: Any, on_chunk: Callable[[Any], None]) -> Any:
        """Generates data; `on_chunk` is called with each piece as soon as it is generated."""

    def write(self, fitted: Fitted[Any], request: Any, output: Path | None, on_progress: ProgressFn) -> str:
        """Generates into a file, or to standard output (None); returns a summary in one line.

        Raises:
            ConfigError: the job cannot write to this output.
        """


@runtime_checkable
class Backtests(Protocol):
    """Jobs that evaluate windows, every `stride` steps."""

    def evaluate_windows(
        self,
        fitted: Fitted[Any],
        data: Any,
        split: str,
        stride: int,
        on_progress: ProgressFn,
        *,
        statistical: bool = False,
    ) -> Evaluation:
        """As `evaluate`, over every `stride`-th window; `statistical` adds baselines of an optional package."""

    def backtest(self, fitted: Fitted[Any], data: Any, split: str, stride: int) -> Table:
        """Every forecast behind the scores as a long table."""


@runtime_checkable
class Streams(Protocol):
    """Jobs whose networks can process a sequence as it comes."""

    def stream(self, fitted: Fitted[Any], **options: Any) -> LiveStream[Any, Any, Any]:
        """The trained network as a stream; implementations name their options.

        Raises:
            ConfigError: this network requires whole sequences; the message names the setting to train with.
        """


@runtime_checkable
class AggregatesFolds(Protocol):
    """Jobs with cross-validation."""

    def aggregate_folds(self, evaluations: Sequence[Any]) -> Evaluation:
        """Combines the evaluations of all folds."""


C = TypeVar("C")


def require(job: Job[Any], capability: type[C], feature: str) -> C:
    """The job, if it has the capability.

    Raises:
        ConfigError: it does not; the message names the jobs that do.
    """
    if isinstance(job, capability):
        return job
    able = [name for name in JOBS if isinstance(get_job(name), capability)]
    raise ConfigError(f"`{feature}` is not supported by {job.name} runs; it is for {_listed(able)} runs.")


def jobs_with_option(name: str) -> str:
    """The jobs whose `generate` has an option of that name, as a list in words."""
    requests = {job: settings_class(job).request_class for job in JOBS}
    return _listed([job for job, request in requests.items() if request is not None and name in request.model_fields])


def _listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
