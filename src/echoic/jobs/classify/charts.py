"""The charts of a classify report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from echoic.charts import Bars, Chart, Line, Raster
from echoic.jobs.base import Fitted
from echoic.jobs.classify.evaluate import ClassifyEvaluation
from echoic.metrics.classes import CALIBRATION_BINS, calibration, confusion
from echoic.report.standard import accuracy_chart, loss_chart


def charts(_fitted: Fitted, metrics: Sequence[Mapping[str, Any]], evaluation: ClassifyEvaluation | None) -> list[Chart]:
    """How training went, which classes are taken for which, and how far confidence can be trusted."""
    curves = (loss_chart(metrics, "Nats a clip"), accuracy_chart(metrics))
    found = [chart for chart in curves if chart is not None]
    return found if evaluation is None else [*found, _confusion(evaluation), _calibration(evaluation)]


def _confusion(evaluation: ClassifyEvaluation) -> Chart:
    classes = evaluation.classes
    table = confusion(evaluation.true, evaluation.probabilities.argmax(1), len(classes)).astype(np.float64)
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    places = np.arange(len(classes), dtype=np.float64)
    # The first class on top, as tables of confusion are read.
    raster = Raster("share of the class", places, places, shares[::-1], (classes, classes[::-1]))
    return Chart("confusion", "What each class is told to be", "Told", "Is", rasters=(raster,))


def _calibration(evaluation: ClassifyEvaluation) -> Chart:
    confidence, accuracy, _ = calibration(evaluation.true, evaluation.probabilities)
    middles = (np.floor(confidence * CALIBRATION_BINS).clip(max=CALIBRATION_BINS - 1) + 0.5) / CALIBRATION_BINS
    ends = np.array([0.0, 1.0])
    return Chart(
        "calibration",
        "Confidence and accuracy",
        "Probability of the class that is told",
        "Share that is right",
        lines=(Line("as it should be", ends, ends, "reference", "dashed"),),
        bars=(Bars("clips", middles, accuracy, 0.8 / CALIBRATION_BINS),),
        caption="Below the line the network is surer than it should be.",
    )
