"""A trained run, opened from its folder: evaluate, predict, generate, resume."""

import warnings
from collections.abc import Callable, Mapping
from numbers import Integral
from pathlib import Path
from typing import Any, final

from torch import Tensor

from echoic import sources
from echoic.api.data_reference import read_again
from echoic.api.figures import drawable, gallery, run_html
from echoic.api.folds import fit_folds
from echoic.api.in_memory import gathered
from echoic.api.phases import TrainProgressFn, chosen_progress
from echoic.api.predictions import predict_each
from echoic.api.prepare import check_device
from echoic.api.restoring import load_model, read_baselines, read_calibration, training_result
from echoic.api.usable_parts import check_on_error, use_all
from echoic.components import Components
from echoic.config.inputs import OnError
from echoic.errors import ChangedDataError, ConfigError, TrainingDataError
from echoic.jobs import get_job, settings_class
from echoic.jobs.base import Fitted, Table, Task
from echoic.jobs.capabilities import (
    AggregatesFolds,
    Backtests,
    EncodesPrimes,
    Generates,
    Predicts,
    Streams,
    jobs_with_option,
    require,
)
from echoic.metrics.evaluation import Evaluation
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.report.gallery import Gallery
from echoic.run import RunFolder, damage_named
from echoic.streams import GenerationStream, Stream
from echoic.training import Progress, TrainResult
from echoic.windows import SPLITS


@final
class Run:
    """A run folder with its task over the data and its trained network.

    Returned by `echoic.train`, `echoic.fit` and `echoic.load`. The data are read when they are first needed, and
    checked against the fingerprint taken in training.
    """

    def __init__(self, folder: RunFolder, data: Any = None, components: Components | None = None) -> None:
        self.folder = folder
        self.config = folder.read_config()
        self._components = Components() if components is None else components
        self._components.check_recorded(self.config["components"], folder.path)
        with damage_named(folder.path / "config.json"):
            self.job = get_job(self.config["job"])
            self.settings = settings_class(self.config["job"]).build(self.config["settings"])
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
            kept = (read(self.job, self.folder) for read in (read_calibration, read_baselines))
            self._fitted = Fitted(task, model, *kept)
        return self._fitted

    @property
    def model(self) -> SequenceModel:
        """The network with the weights of the lowest dev loss."""
        return self.fitted.model

    @drawable
    def evaluate(
        self,
        data: Any = None,
        *,
        split: str = "test",
        stride: int | None = None,
        statistical: bool = False,
        on_error: OnError = "skip",
        on_progress: ProgressFn = no_progress,
        **in_memory: Any,
    ) -> Evaluation:
        """Scores of the model and of the job's baselines.

        Args:
            data: new data to score; by default a split of the run's own.
            split: train, dev or test.
            stride: steps between the windows that are scored, for jobs that score windows; by default 1.
            statistical: add ETS and Theta to the baselines of forecasts; fitting them takes a while.
            on_error: "skip" leaves out new files, clips and series that cannot be used, and warns with their number and
                the reasons; "stop" raises an error instead.
            on_progress: called with the work done and its total.
            in_memory: what belongs to new data in memory: `labels`, `events` or `text`, as for `echoic.train`.

        Raises:
            ConfigError: the split or an argument is unknown, `stride` is not a positive integer, or the job does not
                score windows.
            MissingExtraError: `statistical` needs an optional package.
            DataError: there is nothing to score.
        """
        _check_split(split)
        data, unknown = gathered(self.job.name, data, in_memory)
        if unknown:
            raise ConfigError(f"`evaluate` has no argument `{next(iter(unknown))}`.")
        if stride is not None or statistical:
            _check_stride(1 if stride is None else stride)
            windows = require(self.job, Backtests, "statistical" if statistical else "stride")
            self._require_data(data)
            fitted = self._using(on_error)
            return use_all(
                fitted,
                data,
                lambda part: windows.evaluate_windows(
                    fitted, part, split, stride or 1, on_progress, statistical=statistical
                ),
                on_error,
            )
        self._require_data(data)
        folds = self.fold_runs() if data is None and split == "test" else []
        if folds and isinstance(self.job, AggregatesFolds):
            self.folder.read_model()  # without a model, folds are missing as well
            return self.job.aggregate_folds([fold.evaluate(on_progress=on_progress) for fold in folds])
        fitted = self._using(on_error)
        return use_all(fitted, data, lambda part: self.job.evaluate(fitted, part, split, on_progress), on_error)

    def predict(self, data: Any = None, *, on_error: OnError = "skip", on_progress: ProgressFn = no_progress) -> Table:
        """Predictions for `data` as a long table.

        Args:
            data: new data, or a list of paths, which gives the rows of all of them in this order; where files have the
                same name, all are named by the ends of their paths that differ. By default forecasts continue the run's
                own series; clips and recordings are those of its test split. Data in memory are as for `echoic.train`;
                clips require no labels, and sound has the rate of training.
            on_error: "skip" leaves out the files, clips and series that cannot be predicted, and warns with their
                number and the reasons; "stop" raises an error instead.
            on_progress: called with the number of files that are done, and of all.

        Raises:
            ConfigError: the job does not predict.
            DataError: the data cannot be read, or do not fit the run; with "skip", if that holds for all of them.
        """
        job = require(self.job, Predicts, "predict")
        data, _ = gathered(self.job.name, data, {})
        if data is None:
            self._refuse_changed_data()
        return predict_each(job, self._using(on_error), data, on_error, on_progress)

    def generate(
        self,
        length: Any = None,
        *,
        on_chunk: Callable[[Any], None] = lambda _: None,
        on_error: OnError = "skip",
        **options: Any,
    ) -> Any:
        """Lets the network feed on its own output.

        Args:
            length: steps, or another unit of the job such as `"32bars"`; by default the job's.
            on_chunk: called with each piece as soon as it is generated.
            on_error: "skip" leaves out files and series of the prime that cannot be continued, and warns with their
                number and the reasons; "stop" raises an error instead.
            options: fields of the job's request, such as `prime`, `temperature` and `seed`.

        Returns:
            A list of `Series` (forecast), a `Composition` (music), a string (text) or `Sound` (audio).

        Raises:
            ConfigError: the job does not generate, or an option is unknown or out of range.
        """
        job = require(self.job, Generates, "generate")
        fitted = self._using(on_error)

        def continued(prime: Any) -> Any:
            return job.generate(fitted, self.request(length, **options | _prime(prime)), on_chunk)

        return use_all(fitted, options.get("prime"), continued, on_error)

    def write(
        self,
        output: str | Path | None,
        length: Any = None,
        *,
        on_error: OnError = "skip",
        on_progress: ProgressFn = no_progress,
        **options: Any,
    ) -> str:
        """As `generate`, into a file whose ending decides its format; returns a summary in one line.

        Raises:
            ConfigError: as for `generate`, or the job cannot write such a file.
            RunError: the file cannot be written.
        """
        job = require(self.job, Generates, "generate")
        path = None if output is None else Path(output)
        fitted = self._using(on_error)

        def written(prime: Any) -> str:
            return job.write(fitted, self.request(length, **options | _prime(prime)), path, on_progress)

        return use_all(fitted, options.get("prime"), written, on_error)

    def request(self, length: Any = None, **options: Any) -> Any:
        """The options of `generate`, validated.

        Raises:
            ConfigError: the job does not generate, or an option is unknown or out of range.
        """
        require(self.job, Generates, "generate")
        request_class = self.settings.request_class
        if request_class is None:
            raise TypeError(f"the job {self.job.name} generates and has no request_class")
        for name in options.keys() - request_class.model_fields.keys():
            if others := jobs_with_option(name):
                raise ConfigError(f"`{name}` is not an option of {self.job.name} runs; it is for {others} runs.")
        return request_class.build(**options | ({} if length is None else {"length": length}))

    def stream(self) -> Stream[Any, Any, Any]:
        """The network as a stream: `state = stream.start(...)`, then `result, state = stream.push(chunk, state)`.

        Chunks are frames (detect), scaled input vectors (recursive forecasts), or numbers of steps to generate (music,
        text, audio); values are those of the network.

        Raises:
            ConfigError: the job does not stream, or this network requires whole sequences.
        """
        stream = require(self.job, Streams, "stream").stream(self.fitted)
        if isinstance(stream, GenerationStream):
            stream.default_prime = self.encode_prime
        return stream

    def encode_prime(self, prime: Any = None) -> Tensor:
        """The inputs `(1, steps, width)` of a prime, for `run.stream().start`.

        Args:
            prime: a text or a file, as for `generate`; by default its default.

        Raises:
            ConfigError: the job does not generate from a prime.
            DataError: the prime cannot be read or encoded.
        """
        job = require(self.job, EncodesPrimes, "encode_prime")
        return job.encode_prime(self.fitted, self.request(**_prime(prime)))

    def backtest(self, data: Any = None, *, split: str = "test", stride: int = 1, on_error: OnError = "skip") -> Table:
        """Every forecast that `evaluate` scores next to the observed values, as a long table with its cutoff.

        `on_error` is that of `evaluate`.

        Raises:
            ConfigError: the split is unknown, `stride` is not a positive integer, or the job does not score windows.
            DataError: there is nothing to score.
        """
        _check_split(split)
        _check_stride(stride)
        job = require(self.job, Backtests, "backtest")
        self._require_data(data)
        fitted = self._using(on_error)
        return use_all(fitted, data, lambda part: job.backtest(fitted, part, split, stride), on_error)

    def plot(self, evaluation: Evaluation | None = None) -> Gallery:
        """The learning curves, and the charts of an evaluation, by name, as figures of matplotlib.

        Notebooks show them; `run.plot()["loss"].savefig("loss.png")` saves one.
        """
        return gallery(self, evaluation)

    def report(self, out: str | Path | None = None) -> Path:
        """Writes the HTML report and returns its path; by default `report.html` in the run folder, with figures.

        Raises:
            RunError: the run is damaged or has no model yet, or a file cannot be written.
            DataError: the data of the run are missing or have changed.
        """
        from echoic.api.report import write_report  # noqa: PLC0415 (it imports this module)

        return write_report([self], None if out is None else Path(out))

    def notes(self) -> list[str]:
        """What a user should know of the trained model: what dev decided, and how surely."""
        return self.job.notes(read_calibration(self.job, self.folder) or {})

    def metrics(self) -> list[dict[str, Any]]:
        """One row per dev evaluation: losses, learning rate, skipped steps."""
        return self.folder.read_metrics()

    def result(self) -> dict[str, Any]:
        """The result of training: best dev loss and its step, epochs and steps in total.

        After a refit, which trains on dev as well, there is no dev loss.
        """
        return training_result(self.folder)

    def fold_runs(self) -> list["Run"]:
        """The runs of cross-validation; empty without."""
        return [Run(folder, self._data, self._components) for folder in self.folder.folds()]

    def resume(self, on_progress: TrainProgressFn | None = None) -> TrainResult:
        """Resumes training from the newest intact checkpoint; on the CPU, bit for bit as if it had never stopped.

        Warns that the run is finished if no step was left: `echoic.train(..., from_run=run.path)` trains on.

        Raises:
            ConfigError: this machine does not have the device of the run.
            RunError: another process writes this run, or no checkpoint can be read.
            Interrupted: SIGINT or SIGTERM was received; a checkpoint was written first.
        """
        check_device(self.settings.train)
        steps, report = 0, chosen_progress(on_progress)

        def count(progress: Progress) -> None:
            nonlocal steps
            steps += 1
            report(progress)

        with self.folder.lock():
            task = self._restore_task(self._read())
            result = fit_folds(self.folder, self.job.name, task, self._data, count)
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


def load(path: str | Path, *, data: Any = None, components: Mapping[str, Any] | None = None) -> Run:
    """Opens a run folder.

    Args:
        path: the run folder.
        data: replaces training data that were in memory or have moved.
        components: the classes that were passed to `echoic.train`. Nothing is imported by a name in the folder.

    Raises:
        RunError: there is no run at `path`, or it is damaged.
        ConfigError: the run was trained with other components.
    """
    return Run(RunFolder.open(Path(path)), data, Components.build(components))


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise ConfigError(f"`split` must be one of {', '.join(SPLITS)}, got {split!r}.")


def _prime(prime: Any) -> dict[str, Any]:
    """The option of a prime; none for the default."""
    return {} if prime is None else {"prime": prime}


def _check_stride(stride: Any) -> None:
    if not isinstance(stride, Integral) or stride < 1:
        raise ConfigError(f"`stride` must be a positive integer, got {stride!r}.")
