"""Learn to write text, character by character."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from echoic.config.text import TextRequest
from echoic.jobs.base import Fitted, Job
from echoic.jobs.text.charts import charts
from echoic.jobs.text.evaluate import TextEvaluation, evaluate
from echoic.jobs.text.live import TextStream
from echoic.jobs.text.mixture import Mixture
from echoic.jobs.text.task import TextTask as TextTask
from echoic.jobs.text.write import generate, write_text
from echoic.progress import ProgressFn
from echoic.report.charts import Chart


@final
class TextJob(Job[TextTask]):
    """Learn to write text, character by character."""

    name = "text"
    task_class = TextTask

    def evaluate(self, fitted: Fitted[TextTask], data: Any, split: str, on_progress: ProgressFn) -> TextEvaluation:
        return evaluate(fitted, data, split, on_progress)

    def check_calibration(self, calibration: Mapping[str, Any], task: TextTask | None) -> None:
        """The order is one of the n-gram models of the run."""
        order = Mixture.from_json(calibration).order
        if task is not None and order > task.ngram.n:
            raise ValueError(f"`order` must be at most {task.ngram.n}, got {order}")
        super().check_calibration(calibration, task)

    def notes(self, calibration: Mapping[str, Any]) -> list[str]:
        return Mixture.from_json(calibration).notes() if calibration else []

    def charts(
        self, fitted: Fitted[TextTask], metrics: Sequence[Mapping[str, Any]], evaluation: TextEvaluation | None
    ) -> list[Chart]:
        return charts(fitted, metrics, evaluation)

    def generate(self, fitted: Fitted[TextTask], request: TextRequest, on_chunk: Callable[[str], None]) -> str:
        """Continues a text."""
        return generate(fitted, request, on_chunk)

    def write(
        self, fitted: Fitted[TextTask], request: TextRequest, output: Path | None, on_progress: ProgressFn
    ) -> str:
        """Writes text into a file, or onto standard output as it is made."""
        return write_text(fitted, request, output, on_progress)

    def stream(self, fitted: Fitted[TextTask]) -> TextStream:
        """From characters to the distribution of the next one, and on from any state."""
        return TextStream(fitted)


TEXT = TextJob()
