"""Any number of labels per clip: multi-label classification."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from torch import Tensor

from echoic.baselines.classes import NearestCentroid
from echoic.baselines.multilabel import label_centroids, label_frequencies, label_probabilities
from echoic.heads import Bernoulli
from echoic.jobs.classify.labelling.base import Prediction, Targets, Values, numbers_of
from echoic.metrics.by_class import ClassScores, Confusion, scores_by_class
from echoic.metrics.multilabel import binarize, f1_by_label, macro_f1_by_clip, multilabel_scores, nats_per_clip
from echoic.report.charts import Bars, Chart
from echoic.types import Series
from echoic.types.counted import counted

MAX_SHOWN = 30
"""Labels in the chart."""


@final
@dataclass(frozen=True, eq=False)
class SeveralLabels:
    """An independent probability for each label; `separator` joins the labels of a clip in text."""

    headline: ClassVar[str] = "macro_f1"

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    separator: str

    def head(self, width: int) -> Bernoulli:
        return Bernoulli(width, len(self.labels))

    def targets(self, clips: Sequence[Series]) -> Targets:
        found = np.zeros((len(clips), len(self.labels)), np.int64)
        for row, numbers in zip(found, numbers_of(self.labels, clips), strict=True):
            row[numbers] = 1
        return found

    def probabilities(self, params: Tensor) -> Values:
        probabilities: Values = params[:, 0, :, 0].double().sigmoid().numpy()
        return probabilities

    def predict(self, probabilities: Values) -> Prediction:
        """The labels with a probability above 0.5; the confidence is the probability of exactly this set."""
        return Prediction(binarize(probabilities), np.maximum(probabilities, 1 - probabilities).prod(1))

    def format(self, targets: Targets) -> list[str]:
        return [self.separator.join(self.labels[number] for number in np.flatnonzero(row)) for row in targets]

    def errors(self, true: Targets, probabilities: Values) -> Values:
        """The negative log-likelihood of the true set, in nats."""
        return nats_per_clip(true, probabilities)

    def headline_errors(self, true: Targets, probabilities: Values) -> Values:
        """By how much each clip lowers macro F1."""
        return 1 - macro_f1_by_clip(true, binarize(probabilities))

    def scores(self, true: Targets, probabilities: Values) -> dict[str, float]:
        """Macro and micro F1, mean average precision, exact match and nats per clip."""
        return multilabel_scores(true, probabilities)

    def constant_baseline(self, training: Targets, clips: int) -> tuple[str, Values]:
        """The frequency of each label."""
        return "frequencies", np.tile(label_frequencies(training), (clips, 1))

    def fit_baselines(self, training: Targets, values: Values) -> dict[str, Any]:
        """The frequency of each label, and the centroids of clips with it and without it."""
        centroids = [one.to_json() for one in label_centroids(training, values)]
        return {"frequencies": label_frequencies(training).tolist(), "centroids": centroids}

    def baselines(self, fitted: Mapping[str, Any], new: Values) -> Mapping[str, Values]:
        """The frequency of each label, and for each label the nearer centroid."""
        centroids = list(map(NearestCentroid.from_json, fitted["centroids"]))
        return {
            "frequencies": np.tile(fitted["frequencies"], (len(new), 1)),
            "nearest_centroid": label_probabilities(centroids, new),
        }

    def describe(self, clips: int) -> str:
        return f"{counted(clips, 'clip')} with any of {counted(len(self.labels), 'label')}"

    def confusions(self, true: Targets, probabilities: Values) -> list[Confusion]:
        """None: no label stands in the place of another."""
        del true, probabilities
        return []

    def by_class(self, true: Targets, probabilities: Values) -> dict[str, ClassScores]:
        return scores_by_class(true, binarize(probabilities), self.labels)

    def charts(self, true: Targets, probabilities: Values) -> list[Chart]:
        """The F1 score of each label; of many, only of those with the lowest."""
        f1 = f1_by_label(true, binarize(probabilities))
        defined = np.flatnonzero(~np.isnan(f1))
        caption = "Threshold 0.5; labels that neither occur nor are predicted are left out."
        if len(defined) > MAX_SHOWN:
            caption = f"Threshold 0.5; the {MAX_SHOWN} labels with the lowest F1, of {len(defined)}."
            defined = np.sort(defined[np.argsort(f1[defined], kind="stable")[:MAX_SHOWN]])
        places, names = np.arange(len(defined), dtype=np.float64), [self.labels[number] for number in defined]
        bars = Bars("F1", places, f1[defined], 0.8, names=names)
        return [Chart("labels", "F1 by label", "Label", "F1", bars=(bars,), caption=caption)]
