"""Learn the labels of whole sequences."""

from collections.abc import Mapping, Sequence
from typing import Any, final

from echoic.jobs.base import Fitted, Job, Table
from echoic.jobs.classify.baselines import ClipBaselines, check_convolutions
from echoic.jobs.classify.charts import charts
from echoic.jobs.classify.combination import Combination
from echoic.jobs.classify.evaluate import ClassifyEvaluation, aggregate_folds, evaluate
from echoic.jobs.classify.live import ClassifyStream
from echoic.jobs.classify.notes import calibration_notes
from echoic.jobs.classify.task import ClassifyTask as ClassifyTask
from echoic.jobs.classify.use import predict
from echoic.labelled.new_sound import notes_on_files
from echoic.progress import ProgressFn
from echoic.report.charts import Chart


@final
class ClassifyJob(Job[ClassifyTask]):
    """Learn the labels of whole sequences."""

    name = "classify"
    task_class = ClassifyTask

    def evaluate(
        self, fitted: Fitted[ClassifyTask], data: Any, split: str, on_progress: ProgressFn
    ) -> ClassifyEvaluation:
        return evaluate(fitted, data, split, on_progress)

    def check_calibration(self, calibration: Mapping[str, Any], task: ClassifyTask | None) -> None:
        """Its arrays can be read, and are of the classes and values of the run."""
        convolutions = Combination.from_json(calibration).convolutions
        if convolutions is not None and task is not None:
            check_convolutions(convolutions, task.features.values, len(task.classes))
        super().check_calibration(calibration, task)

    def check_baselines(self, baselines: Mapping[str, Any], task: ClassifyTask) -> None:
        """Its arrays can be read, and are of the classes and values of the run."""
        ClipBaselines.from_json(baselines).check(task)

    def notes(self, calibration: Mapping[str, Any]) -> list[str]:
        return calibration_notes(calibration) if calibration else []

    def charts(
        self, fitted: Fitted[ClassifyTask], metrics: Sequence[Mapping[str, Any]], evaluation: ClassifyEvaluation | None
    ) -> list[Chart]:
        return charts(fitted, metrics, evaluation)

    def notes_on_new(self, fitted: Fitted[ClassifyTask], files: Sequence[Any]) -> list[str]:
        """Whether sound has a lower rate than that of training."""
        mel = fitted.task.features.mel
        return [] if mel is None else notes_on_files(files, mel.rate_hz)

    def predict(self, fitted: Fitted[ClassifyTask], data: Any) -> Table:
        """The label of each clip with its probability, as a table."""
        return predict(fitted, data)

    def stream(
        self, fitted: Fitted[ClassifyTask], rate_hz: int | None = None, pause_s: float | None = None
    ) -> ClassifyStream:
        """From sound or sensor values to the probabilities of clips, for networks that read in one direction."""
        return ClassifyStream(fitted, rate_hz, pause_s)

    def aggregate_folds(self, evaluations: Sequence[ClassifyEvaluation]) -> ClassifyEvaluation:
        """The mean over the folds of cross-validation."""
        return aggregate_folds(evaluations)


CLASSIFY = ClassifyJob()
