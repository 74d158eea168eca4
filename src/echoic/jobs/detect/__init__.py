"""Learn to detect labelled events in recordings."""

from collections.abc import Mapping, Sequence
from typing import Any, final

from echoic.jobs.base import Fitted, Job, Table
from echoic.jobs.detect.baselines import FrameBaselines
from echoic.jobs.detect.charts import charts
from echoic.jobs.detect.evaluate import DetectEvaluation, evaluate
from echoic.jobs.detect.live import DetectStream
from echoic.jobs.detect.task import DetectTask as DetectTask
from echoic.jobs.detect.use import predict
from echoic.labelled.new_sound import notes_on_files
from echoic.labelled.postprocessing import read_postprocessing
from echoic.progress import ProgressFn
from echoic.report.charts import Chart


@final
class DetectJob(Job[DetectTask]):
    """Learn to detect labelled events in recordings."""

    name = "detect"
    task_class = DetectTask

    def evaluate(self, fitted: Fitted[DetectTask], data: Any, split: str, on_progress: ProgressFn) -> DetectEvaluation:
        return evaluate(fitted, data, split, on_progress)

    def check_calibration(self, calibration: Mapping[str, Any], task: DetectTask | None) -> None:
        """The post-processing can be read."""
        del task
        read_postprocessing(calibration)

    def check_baselines(self, baselines: Mapping[str, Any], task: DetectTask) -> None:
        """Its arrays can be read, and are of the labels and values of the run."""
        FrameBaselines.from_json(baselines).check(task)

    def charts(
        self, fitted: Fitted[DetectTask], metrics: Sequence[Mapping[str, Any]], evaluation: DetectEvaluation | None
    ) -> list[Chart]:
        return charts(fitted, metrics, evaluation)

    def notes_on_new(self, fitted: Fitted[DetectTask], files: Sequence[Any]) -> list[str]:
        """Whether sound has a lower rate than that of training."""
        mel = fitted.task.features.mel
        return [] if mel is None else notes_on_files(files, mel.rate_hz)

    def predict(self, fitted: Fitted[DetectTask], data: Any) -> Table:
        """The events of each recording with their times, as a table."""
        return predict(fitted, data)

    def stream(self, fitted: Fitted[DetectTask], rate_hz: int | None = None) -> DetectStream:
        """From sound or sensor values to events, for causal networks."""
        return DetectStream(fitted, rate_hz)


DETECT = DetectJob()
