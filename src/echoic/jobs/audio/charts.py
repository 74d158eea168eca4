"""The charts of an audio report."""

from collections.abc import Mapping, Sequence
from typing import Any

from echoic.drift.charts import drift_charts
from echoic.jobs.audio.task import AudioTask
from echoic.jobs.base import Fitted
from echoic.report.charts import Chart
from echoic.report.standard import loss_chart


def charts(fitted: Fitted[AudioTask], metrics: Sequence[Mapping[str, Any]], evaluation: Any) -> list[Chart]:
    """Learning curves, and the drift of generated sound."""
    label = "Loss per sample (nats)" if fitted.task.settings.sound.model == "samples" else "Mean squared error"
    chart = loss_chart(metrics, label)
    drift = None if evaluation is None else evaluation.drift
    return ([] if chart is None else [chart]) + ([] if drift is None else drift_charts(drift))
