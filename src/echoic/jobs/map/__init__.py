"""Predict signals from other signals, step by step: soft sensors, amplifiers, measured systems."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from echoic.baselines.signals import SignalBaselines
from echoic.jobs.base import Fitted, Job, Table
from echoic.jobs.map.charts import charts
from echoic.jobs.map.evaluate import MapEvaluation, evaluate
from echoic.jobs.map.files import ENDINGS, write
from echoic.jobs.map.live import MapStream
from echoic.jobs.map.task import MapTask as MapTask
from echoic.jobs.map.use import predict
from echoic.labelled.new_sound import notes_on_files
from echoic.progress import ProgressFn
from echoic.report.charts import Chart


@final
class MapJob(Job[MapTask]):
    """Predict signals from other signals, step by step."""

    name = "map"
    task_class = MapTask
    signal_endings = ENDINGS

    def evaluate(self, fitted: Fitted[MapTask], data: Any, split: str, on_progress: ProgressFn) -> MapEvaluation:
        return evaluate(fitted, data, split, on_progress)

    def check_baselines(self, baselines: Mapping[str, Any], task: MapTask) -> None:
        """Its arrays can be read, and are of the signals of the run."""
        SignalBaselines.from_json(baselines, len(task.codec.input_names), len(task.codec.target_names))

    def charts(
        self, fitted: Fitted[MapTask], metrics: Sequence[Mapping[str, Any]], evaluation: MapEvaluation | None
    ) -> list[Chart]:
        return charts(fitted, metrics, evaluation)

    def notes_on_new(self, fitted: Fitted[MapTask], files: Sequence[Any]) -> list[str]:
        """Whether sound has a lower rate than that of training."""
        codec = fitted.task.codec
        return notes_on_files(files, round(codec.rate_hz or 0)) if codec.is_sound else []

    def predict(self, fitted: Fitted[MapTask], data: Any) -> Table:
        """The predictions for each step, as a table."""
        return predict(fitted, data)

    def write_signals(self, fitted: Fitted[MapTask], data: Any, output: Path, on_progress: ProgressFn) -> str:
        """Writes predictions as sound or named arrays."""
        return write(fitted, data, output, on_progress)

    def stream(self, fitted: Fitted[MapTask], rate_hz: int | None = None) -> MapStream:
        """From a signal to another one, step by step."""
        return MapStream(fitted, rate_hz)


MAP = MapJob()
