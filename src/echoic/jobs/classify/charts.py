"""The charts of a classify report."""

from collections.abc import Mapping, Sequence
from typing import Any

from echoic.jobs.base import Fitted
from echoic.jobs.classify.evaluate import ClassifyEvaluation
from echoic.jobs.classify.task import ClassifyTask
from echoic.report.charts import Chart
from echoic.report.standard import accuracy_chart, loss_chart


def charts(
    _fitted: Fitted[ClassifyTask], metrics: Sequence[Mapping[str, Any]], evaluation: ClassifyEvaluation | None
) -> list[Chart]:
    """Learning curves, and errors by label."""
    curves = (loss_chart(metrics, "Loss per clip (nats)"), accuracy_chart(metrics))
    learning = [chart for chart in curves if chart is not None]
    if evaluation is None:
        return learning
    return [*learning, *evaluation.labelling.charts(evaluation.true, evaluation.probabilities)]
