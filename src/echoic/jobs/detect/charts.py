"""The charts of a detect report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from echoic.jobs.base import Fitted
from echoic.jobs.detect.evaluate import DetectEvaluation
from echoic.jobs.detect.task import DetectTask
from echoic.report.charts import Chart, Heatmap, Spans
from echoic.report.standard import accuracy_chart, loss_chart
from echoic.types import Event

SHOWN_S, SHOWN_STEPS = 8.0, 400
"""Duration of the drawn excerpt of sound, and steps of that of sensors."""

_MOST_COLUMNS = 1000
_ROWS, _LEAST_ROWS = 2, 8

_MOST_LABELS = 12


def charts(
    fitted: Fitted[DetectTask], metrics: Sequence[Mapping[str, Any]], evaluation: DetectEvaluation | None
) -> list[Chart]:
    """Learning curves, and the events at the beginning of a recording."""
    curves = (loss_chart(metrics, "Loss per frame (nats)"), accuracy_chart(metrics))
    made = [chart for chart in curves if chart is not None]
    return made if evaluation is None else [*made, _roll(fitted.task, evaluation)]


def _roll(task: DetectTask, evaluation: DetectEvaluation) -> Chart:
    """A spectrogram and, above it, two rows per label: true events above predicted ones."""
    is_sound = task.features.mel is not None
    shown_s = SHOWN_S if is_sound else SHOWN_STEPS * task.hop_s
    labels, caption = _shown_labels(task.labels, evaluation, shown_s)
    rows = _ROWS * len(labels)
    steps = task.features.of([evaluation.recording])[0][: round(shown_s / task.hop_s)].double().numpy()
    steps = steps[:: max(1, len(steps) // _MOST_COLUMNS)]
    time_s = np.linspace(0, min(shown_s, evaluation.recording.steps / task.rate_hz), len(steps))
    heights = np.linspace(-max(rows, _LEAST_ROWS), -1, steps.shape[1])
    features = evaluation.recording.features
    lowest, highest = ("lowest band", "highest band") if is_sound else (features[0], features[-1])
    middles = [(_ROWS * number + 0.5, label) for number, label in enumerate(labels)]
    return Chart(
        "events",
        f"True and predicted events: {evaluation.recording.name}",
        "Time (s)",
        "",
        spans=(
            _spans("true", evaluation.true, labels, 1, "data", shown_s),
            _spans("predicted", evaluation.predicted, labels, 0, "model", shown_s),
        ),
        heatmaps=(Heatmap("Standardised log power" if is_sound else "Standardised value", time_s, heights, steps.T),),
        y_names=((heights[0], lowest), *([(heights[-1], highest)] if len(heights) > 1 else []), *middles),
        caption=f"{'Spectrogram' if is_sound else 'Values'} of the recording. Above, for each label: true events, and "
        f"below them predicted ones.{caption}",
    )


def _shown_labels(labels: Sequence[str], evaluation: DetectEvaluation, shown_s: float) -> tuple[Sequence[str], str]:
    """The labels with a row; of many, those with the most events in the excerpt."""
    if len(labels) <= _MOST_LABELS:
        return labels, ""
    counts = Counter(event.label for event in (*evaluation.true, *evaluation.predicted) if event.onset_s < shown_s)
    most = [label for label, _ in counts.most_common(_MOST_LABELS)]
    shown = [label for label in labels if label in most] or labels[:_MOST_LABELS]
    return shown, f" {len(shown)} of {len(labels)} labels are shown, those with the most events here."


def _spans(name: str, events: Sequence[Event], labels: Sequence[str], above: int, role: Any, shown_s: float) -> Spans:
    shown = [event for event in events if event.onset_s < shown_s and event.label in labels]
    begin, end = (np.array([getattr(event, which) for event in shown]) for which in ("onset_s", "offset_s"))
    y = np.array([float(_ROWS * labels.index(event.label) + above) for event in shown])
    return Spans(name, begin, end.clip(max=shown_s) - begin, y, role)
