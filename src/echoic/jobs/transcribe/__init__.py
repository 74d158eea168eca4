"""Learn to write the text of sound."""

from collections.abc import Mapping, Sequence
from typing import Any, final

from echoic.jobs.base import Fitted, Job, Table
from echoic.jobs.transcribe.baselines import TextBaselines
from echoic.jobs.transcribe.calibration import search_of
from echoic.jobs.transcribe.charts import charts
from echoic.jobs.transcribe.evaluate import TranscribeEvaluation, evaluate
from echoic.jobs.transcribe.live import TranscribeStream
from echoic.jobs.transcribe.notes import calibration_notes
from echoic.jobs.transcribe.task import TranscribeTask as TranscribeTask
from echoic.jobs.transcribe.use import predict
from echoic.labelled.new_sound import notes_on_files
from echoic.progress import ProgressFn
from echoic.report.charts import Chart


@final
class TranscribeJob(Job[TranscribeTask]):
    """Learn to write the text of sound."""

    name = "transcribe"
    task_class = TranscribeTask

    def evaluate(
        self, fitted: Fitted[TranscribeTask], data: Any, split: str, on_progress: ProgressFn
    ) -> TranscribeEvaluation:
        return evaluate(fitted, data, split, on_progress)

    def check_calibration(self, calibration: Mapping[str, Any], task: TranscribeTask | None) -> None:
        """The n-gram model can be read, and is of the units of the run."""
        if task is not None:
            search_of(task, calibration)
        super().check_calibration(calibration, task)

    def check_baselines(self, baselines: Mapping[str, Any], task: TranscribeTask) -> None:
        """They can be read, and are of the units of the run."""
        TextBaselines.from_json(baselines).check(task)

    def notes(self, calibration: Mapping[str, Any]) -> list[str]:
        return calibration_notes(calibration)

    def charts(
        self, fitted: Fitted[TranscribeTask], metrics: Sequence[Mapping[str, Any]], evaluation: Any
    ) -> list[Chart]:
        return charts(fitted, metrics, evaluation)

    def notes_on_new(self, fitted: Fitted[TranscribeTask], files: Sequence[Any]) -> list[str]:
        """Whether sound has a lower rate than that of training."""
        return notes_on_files(files, fitted.task.rate_hz)

    def predict(self, fitted: Fitted[TranscribeTask], data: Any) -> Table:
        """The lines of text of each recording with their times, as a table."""
        return predict(fitted, data)

    def stream(
        self, fitted: Fitted[TranscribeTask], rate_hz: int | None = None, pause_s: float | None = None
    ) -> TranscribeStream:
        """From sound to text, for causal networks."""
        return TranscribeStream(fitted, rate_hz, pause_s)


TRANSCRIBE = TranscribeJob()
