"""The charts of an audio report."""

from collections.abc import Mapping, Sequence
from typing import Any

from echoic.charts import Chart
from echoic.jobs.base import Fitted
from echoic.report.standard import loss_chart


def charts(fitted: Fitted, metrics: Sequence[Mapping[str, Any]], _evaluation: Any) -> list[Chart]:
    """How training went."""
    label = "Loss per sample, nats" if fitted.task.settings.sound.model == "samples" else "Mean squared error"
    chart = loss_chart(metrics, label)
    return [] if chart is None else [chart]
