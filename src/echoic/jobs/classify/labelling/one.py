"""One label a clip: it belongs to one of several classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from torch import Tensor

from echoic.baselines.classes import NearestCentroid, majority_class
from echoic.heads import Categorical
from echoic.jobs.classify.labelling.base import Numbers, Told, Values, numbers_of
from echoic.metrics.classes import CALIBRATION_BINS, calibration_curve, classification_scores, confusion_matrix
from echoic.report.charts import Bars, Chart, Heatmap, Line
from echoic.types import Series


@final
@dataclass(frozen=True, eq=False)
class OneLabel:
    """A softmax over the classes; `balanced`: in training each class counts as much as the others, however rare."""

    headline: ClassVar[str] = "accuracy"

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    balanced: bool = False

    def head(self, width: int) -> Categorical:
        counts = torch.tensor(self.counts)
        weights = counts.sum() / (len(counts) * counts) if self.balanced else None
        return Categorical(width, len(self.labels), weights=weights)

    def targets(self, clips: Sequence[Series]) -> Numbers:
        return np.array(numbers_of(self.labels, clips), np.int64)

    def probabilities(self, params: Tensor) -> Values:
        shares: Values = params[:, 0, 0].double().softmax(-1).numpy()
        return shares

    def told(self, probabilities: Values) -> Told:
        return Told(probabilities.argmax(1)[:, None], probabilities.max(1))

    def words(self, numbers: Numbers) -> list[str]:
        return [self.labels[number] for number in numbers[:, 0]]

    def wrongness(self, true: Numbers, probabilities: Values) -> Values:
        """The confidence in the class that is told."""
        return self.told(probabilities).confidence

    def scores(self, true: Numbers, probabilities: Values) -> dict[str, float]:
        """Accuracy, macro F1, nats a clip and calibration error."""
        return classification_scores(true[:, 0], probabilities)

    def naive(self, training: Numbers, values: Values, seen: Values) -> Mapping[str, Values]:
        """The commonest class, and the class whose mean is nearest."""
        numbers, classes = training[:, 0], len(self.labels)
        return {
            "majority": majority_class(numbers, len(seen), classes),
            "nearest_centroid": NearestCentroid.fit(values, numbers, classes).predict_probs(seen),
        }

    def over(self, clips: int) -> str:
        return f"{clips:,} clips of {len(self.labels)} classes"

    def charts(self, true: Numbers, probabilities: Values) -> list[Chart]:
        """Which classes are taken for which, and how far confidence can be trusted."""
        return [_confusion(self.labels, true[:, 0], probabilities), _calibration(true[:, 0], probabilities)]


def _confusion(classes: Sequence[str], true: Numbers, probabilities: Values) -> Chart:
    table = confusion_matrix(true, probabilities.argmax(1), len(classes)).astype(np.float64)
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    places = np.arange(len(classes), dtype=np.float64)
    # The first class on top, as tables of confusion are read.
    heatmap = Heatmap("share of the class", places, places, shares[::-1], (classes, classes[::-1]))
    return Chart("confusion", "What each class is told to be", "Told", "Is", heatmaps=(heatmap,))


def _calibration(true: Numbers, probabilities: Values) -> Chart:
    confidence, accuracy, _ = calibration_curve(true, probabilities)
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
