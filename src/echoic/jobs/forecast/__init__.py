"""Forecast and continue series."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from echoic.config.forecast import ForecastRequest
from echoic.forecasting.calibration import Calibration
from echoic.forecasting.evaluator import ForecastEvaluation
from echoic.forecasting.results import Table
from echoic.jobs.base import Fitted, Job
from echoic.jobs.forecast.charts import charts
from echoic.jobs.forecast.continuations import generate, write_continuation
from echoic.jobs.forecast.live import ForecastStream
from echoic.jobs.forecast.notes import calibration_notes
from echoic.jobs.forecast.task import ForecastTask as ForecastTask
from echoic.jobs.forecast.use import backtest, evaluate, predict
from echoic.progress import ProgressFn
from echoic.report.charts import Chart
from echoic.types import Series


@final
class ForecastJob(Job[ForecastTask]):
    """Forecast and continue series."""

    name = "forecast"
    task_class = ForecastTask

    def evaluate(
        self, fitted: Fitted[ForecastTask], data: Any, split: str, on_progress: ProgressFn
    ) -> ForecastEvaluation:
        return evaluate(fitted, data, split, 1, on_progress)

    def check_calibration(self, calibration: Mapping[str, Any], task: ForecastTask | None) -> None:
        """Its arrays can be read, and are of the horizon of the run."""
        read = Calibration.from_json(dict(calibration))
        if task is not None:
            _check_sizes(read, task.settings.window.lookback or 0, task.settings.window.horizon)
        super().check_calibration(calibration, task)

    def notes(self, calibration: Mapping[str, Any]) -> list[str]:
        return calibration_notes(calibration)

    def charts(
        self, fitted: Fitted[ForecastTask], metrics: Sequence[Mapping[str, Any]], evaluation: ForecastEvaluation | None
    ) -> list[Chart]:
        return charts(fitted, metrics, evaluation)

    def evaluate_windows(
        self,
        fitted: Fitted[ForecastTask],
        data: Any,
        split: str,
        stride: int,
        on_progress: ProgressFn,
        *,
        statistical: bool = False,
    ) -> ForecastEvaluation:
        """Scores over every `stride`-th window; `statistical` adds ETS and Theta to the baselines."""
        return evaluate(fitted, data, split, stride, on_progress, statistical=statistical)

    def backtest(self, fitted: Fitted[ForecastTask], data: Any, split: str, stride: int) -> Table:
        """Every forecast behind the scores as a long table."""
        return backtest(fitted, data, split, stride)

    def predict(self, fitted: Fitted[ForecastTask], data: Any) -> Table:
        """Forecasts of what follows each series, as a long table."""
        return predict(fitted, data)

    def generate(
        self, fitted: Fitted[ForecastTask], request: ForecastRequest, on_chunk: Callable[[Series], None]
    ) -> list[Series]:
        """Continues each series of the prime."""
        return generate(fitted, request, on_chunk)

    def write(
        self, fitted: Fitted[ForecastTask], request: ForecastRequest, output: Path | None, on_progress: ProgressFn
    ) -> str:
        """Writes continuations as a CSV or Parquet table."""
        return write_continuation(fitted, request, output, on_progress)

    def stream(self, fitted: Fitted[ForecastTask], series: str | None = None) -> ForecastStream:
        """From values to the forecast after the newest one."""
        return ForecastStream(fitted, series)


def _check_sizes(calibration: Calibration, lookback: int, horizon: int) -> None:
    """Raises a ValueError if the arrays are of another look-back or horizon."""
    if len(calibration.weight) != horizon:
        raise ValueError(f"`weight` must have {horizon} numbers, got {len(calibration.weight)}")
    state = calibration.combination
    for maps in (state.early_maps, state.train_maps, state.final_maps):
        for name, one in maps.items():
            if one.shape != (lookback + 1, horizon):
                raise ValueError(f"`{name}` must be of the shape ({lookback + 1}, {horizon}), got {one.shape}")


FORECAST = ForecastJob()
