"""The charts of a detect report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from echoic.charts import Chart, Raster, Spans
from echoic.jobs.base import Fitted
from echoic.jobs.detect.evaluate import DetectEvaluation
from echoic.jobs.detect.task import DetectTask
from echoic.report.standard import accuracy_chart, loss_chart
from echoic.sources.events import Event

SHOWN_S = 8.0
"""Seconds of one recording that are drawn."""

_MOST_COLUMNS = 1000


def charts(fitted: Fitted, metrics: Sequence[Mapping[str, Any]], evaluation: DetectEvaluation | None) -> list[Chart]:
    """How training went, and what was heard in the beginning of a recording."""
    curves = (loss_chart(metrics, "Nats a frame"), accuracy_chart(metrics))
    found = [chart for chart in curves if chart is not None]
    return found if evaluation is None else [*found, _spectrum(fitted.task, evaluation), _roll(fitted.task, evaluation)]


def _spectrum(task: DetectTask, evaluation: DetectEvaluation) -> Chart:
    steps = task.features.of([evaluation.recording])[0][: round(SHOWN_S / task.hop_s)].double().numpy()
    steps = steps[:: max(1, len(steps) // _MOST_COLUMNS)]
    time_s = np.linspace(0, min(SHOWN_S, evaluation.recording.steps / task.rate_hz), len(steps))
    bands = np.arange(steps.shape[1], dtype=np.float64)
    raster = Raster("deviations", time_s, bands, steps.T)
    return Chart("spectrum", f"What was heard: {evaluation.recording.name}", "Time, s", "Mel band", rasters=(raster,))


def _roll(task: DetectTask, evaluation: DetectEvaluation) -> Chart:
    return Chart(
        "events",
        f"Events: {evaluation.recording.name}",
        "Time, s",
        "Two rows a label",
        spans=(
            _spans("truth", evaluation.true, task.labels, 1, "data"),
            _spans("told", evaluation.told, task.labels, 0, "model"),
        ),
        caption="From the bottom, two rows for each label, what is told below what is true: " + ", ".join(task.labels),
    )


def _spans(name: str, events: Sequence[Event], labels: Sequence[str], above: int, role: Any) -> Spans:
    seen = [event for event in events if event.onset_s < SHOWN_S]
    begin, end = (np.array([getattr(event, which) for event in seen]) for which in ("onset_s", "offset_s"))
    y = np.array([2.0 * labels.index(event.label) + 1 + above for event in seen])
    return Spans(name, begin, end - begin, y, role)
