"""One label per clip: single-label classification."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from torch import Tensor

from echoic.baselines.classes import NearestCentroid, class_frequencies
from echoic.heads import Categorical
from echoic.jobs.classify.labelling.base import Prediction, Targets, Values, numbers_of
from echoic.metrics.by_class import ClassScores, Confusion, scores_by_class, top_confusions
from echoic.metrics.classes import CALIBRATION_BINS, calibration_curve, classification_scores, confusion_matrix
from echoic.report.charts import Bars, Chart, Heatmap, Line
from echoic.types import Series
from echoic.types.counted import counted

MAX_SHOWN = 20
"""Classes in the confusion matrix."""


@final
@dataclass(frozen=True, eq=False)
class OneLabel:
    """A softmax over the classes; `balanced`: the training loss weights classes by inverse frequency."""

    headline: ClassVar[str] = "accuracy"

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    balanced: bool = False

    def head(self, width: int) -> Categorical:
        counts = torch.tensor(self.counts)
        weights = counts.sum() / (len(counts) * counts) if self.balanced else None
        return Categorical(width, len(self.labels), weights=weights)

    def targets(self, clips: Sequence[Series]) -> Targets:
        return np.array(numbers_of(self.labels, clips), np.int64)

    def probabilities(self, params: Tensor) -> Values:
        probabilities: Values = params[:, 0, 0].double().softmax(-1).numpy()
        return probabilities

    def predict(self, probabilities: Values) -> Prediction:
        return Prediction(probabilities.argmax(1)[:, None], probabilities.max(1))

    def format(self, targets: Targets) -> list[str]:
        return [self.labels[number] for number in targets[:, 0]]

    def errors(self, true: Targets, probabilities: Values) -> Values:
        """The confidence in the predicted class."""
        return self.predict(probabilities).confidence

    def headline_errors(self, true: Targets, probabilities: Values) -> Values:
        """1 for each misclassified clip."""
        return np.asarray(probabilities.argmax(1) != true[:, 0], np.float64)

    def scores(self, true: Targets, probabilities: Values) -> dict[str, float]:
        """Accuracy, macro F1, nats per clip and calibration error."""
        return classification_scores(true[:, 0], probabilities)

    def constant_baseline(self, training: Targets, clips: int) -> tuple[str, Values]:
        """The frequencies of the classes."""
        return "majority", np.tile(class_frequencies(training[:, 0], len(self.labels)), (clips, 1))

    def fit_baselines(self, training: Targets, values: Values) -> dict[str, Any]:
        """The frequencies of the classes, and their centroids."""
        nearest = NearestCentroid.fit(values, training[:, 0], len(self.labels))
        return {"frequencies": self.constant_baseline(training, 1)[1][0].tolist(), "centroids": nearest.to_json()}

    def baselines(self, fitted: Mapping[str, Any], new: Values) -> Mapping[str, Values]:
        """The majority class, and the class of the nearest centroid."""
        nearest = NearestCentroid.from_json(fitted["centroids"])
        return {
            "majority": np.tile(fitted["frequencies"], (len(new), 1)),
            "nearest_centroid": nearest.predict_probs(new),
        }

    def describe(self, clips: int) -> str:
        return f"{counted(clips, 'clip')} of {counted(len(self.labels), 'class', 'classes')}"

    def confusions(self, true: Targets, probabilities: Values) -> list[Confusion]:
        return top_confusions(self._table(true, probabilities), self.labels)

    def by_class(self, true: Targets, probabilities: Values) -> dict[str, ClassScores]:
        each = np.arange(len(self.labels))
        predicted = probabilities.argmax(1)[:, None]
        return scores_by_class((true == each).astype(np.int64), (predicted == each).astype(np.int64), self.labels)

    def _table(self, true: Targets, probabilities: Values) -> Targets:
        return confusion_matrix(true[:, 0], probabilities.argmax(1), len(self.labels))

    def charts(self, true: Targets, probabilities: Values) -> list[Chart]:
        """The confusion matrix, and the calibration curve."""
        return [_confusion(self.labels, self._table(true, probabilities)), _calibration(true[:, 0], probabilities)]


def _confusion(classes: Sequence[str], table: Targets) -> Chart:
    """Of many classes, only those with the most errors."""
    shown, caption = np.arange(len(classes)), ""
    if len(classes) > MAX_SHOWN:
        errors = table.sum(0) + table.sum(1) - 2 * np.diag(table)
        shown = np.sort(np.argsort(-errors, kind="stable")[:MAX_SHOWN])
        caption = f"The {MAX_SHOWN} of {len(classes)} classes with the most errors; rows add up to less than 1."
    fractions = table / np.maximum(table.sum(1, keepdims=True), 1)
    names = [classes[number] for number in shown.tolist()]
    places = np.arange(len(names), dtype=np.float64)
    # The first class on top, as confusion matrices are read.
    values = fractions[np.ix_(shown[::-1], shown)].astype(np.float64)
    heatmap = Heatmap("Fraction of the true class", places, places, values, (names, names[::-1]))
    return Chart("confusion", "Confusion matrix", "Predicted class", "True class", heatmaps=(heatmap,), caption=caption)


def _calibration(true: Targets, probabilities: Values) -> Chart:
    confidence, accuracy, _ = calibration_curve(true, probabilities)
    middles = (np.floor(confidence * CALIBRATION_BINS).clip(max=CALIBRATION_BINS - 1) + 0.5) / CALIBRATION_BINS
    ends = np.array([0.0, 1.0])
    return Chart(
        "calibration",
        "Calibration",
        "Confidence",
        "Accuracy",
        lines=(Line("perfect calibration", ends, ends, "reference", "dashed"),),
        bars=(Bars("clips", middles, accuracy, 0.8 / CALIBRATION_BINS),),
        caption="Bars below the line: the network is overconfident.",
    )
