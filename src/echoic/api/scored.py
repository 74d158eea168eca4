"""Scores and predictions of a run on given data."""

from numbers import Integral
from pathlib import Path
from typing import Any

from echoic.api.figures import drawable
from echoic.api.in_memory import gathered
from echoic.api.opened import OpenedRun
from echoic.api.predictions import predict_each
from echoic.api.usable_parts import use_all
from echoic.config.inputs import OnError
from echoic.errors import ConfigError
from echoic.jobs.base import Table
from echoic.jobs.capabilities import (
    AggregatesFolds,
    Backtests,
    Predicts,
    WritesSignals,
    require,
)
from echoic.metrics.evaluation import Evaluation
from echoic.progress import ProgressFn, no_progress
from echoic.windows import SPLITS


class ScoredRun(OpenedRun):
    """An opened run that evaluates and predicts, on its own data or on new ones."""

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

    def writes_signals(self, output: str | Path) -> bool:
        """Whether the job writes its predictions into a file of this ending itself, as sound or arrays."""
        return isinstance(self.job, WritesSignals) and Path(output).suffix.lower() in self.job.signal_endings

    def write_signals(
        self,
        output: str | Path,
        data: Any = None,
        *,
        on_error: OnError = "skip",
        on_progress: ProgressFn = no_progress,
    ) -> str:
        """Writes predicted signals into a file of sound or named arrays, by its ending; returns a summary in one line.

        Sound is read, predicted and written block by block, in constant memory.

        Args:
            output: the file to write.
            data: as for `predict`; one signal.
            on_error: as for `predict`.
            on_progress: called with the number of steps that are done, and of all.

        Raises:
            ConfigError: the job does not predict signals, or not such ones.
            DataError: the data cannot be read, or do not fit the run.
            RunError: the file cannot be written.
        """
        job = require(self.job, WritesSignals, "write_signals")
        return job.write_signals(self._using(on_error), data, Path(output), on_progress)

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

    def report(self, out: str | Path | None = None) -> Path:
        """Writes the HTML report and returns its path; by default `report.html` in the run folder, with figures.

        Raises:
            RunError: the run is damaged or has no model yet, or a file cannot be written.
            DataError: the data of the run are missing or have changed.
        """
        from echoic.api.report import write_report  # noqa: PLC0415 (it imports this module)

        return write_report([self], None if out is None else Path(out))


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise ConfigError(f"`split` must be one of {', '.join(SPLITS)}, got {split!r}.")


def _check_stride(stride: Any) -> None:
    if not isinstance(stride, Integral) or stride < 1:
        raise ConfigError(f"`stride` must be a positive integer, got {stride!r}.")
