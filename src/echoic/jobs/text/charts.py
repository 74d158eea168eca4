"""The charts of a text report."""

from collections.abc import Mapping, Sequence
from typing import Any

from echoic.jobs.base import Fitted
from echoic.jobs.text.task import TextTask
from echoic.report.charts import Chart
from echoic.report.standard import loss_chart


def charts(_fitted: Fitted[TextTask], metrics: Sequence[Mapping[str, Any]], _evaluation: Any) -> list[Chart]:
    """Learning curves."""
    chart = loss_chart(metrics, "Loss per character (nats)")
    return [] if chart is None else [chart]
