"""Any number of labels a clip: each is there or not, on its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from torch import Tensor

from echoic.baselines.multilabel import label_frequencies, nearest_centroids
from echoic.heads import Bernoulli
from echoic.jobs.classify.labelling.base import Numbers, Told, Values, numbers_of
from echoic.metrics.multilabel import binarize, f1_by_label, multilabel_scores, nats_per_clip
from echoic.report.charts import Bars, Chart
from echoic.types import Series


@final
@dataclass(frozen=True, eq=False)
class SeveralLabels:
    """An independent probability for each label; `separator` stands between those of a clip where they are written."""

    headline: ClassVar[str] = "macro_f1"

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    separator: str

    def head(self, width: int) -> Bernoulli:
        return Bernoulli(width, len(self.labels))

    def targets(self, clips: Sequence[Series]) -> Numbers:
        found = np.zeros((len(clips), len(self.labels)), np.int64)
        for row, numbers in zip(found, numbers_of(self.labels, clips), strict=True):
            row[numbers] = 1
        return found

    def probabilities(self, params: Tensor) -> Values:
        shares: Values = params[:, 0, :, 0].double().sigmoid().numpy()
        return shares

    def told(self, probabilities: Values) -> Told:
        """The labels that are likelier there than not; the confidence is the probability of exactly this set."""
        return Told(binarize(probabilities), np.maximum(probabilities, 1 - probabilities).prod(1))

    def words(self, numbers: Numbers) -> list[str]:
        return [self.separator.join(self.labels[number] for number in np.flatnonzero(row)) for row in numbers]

    def wrongness(self, true: Numbers, probabilities: Values) -> Values:
        """The nats that the true set costs."""
        return nats_per_clip(true, probabilities)

    def scores(self, true: Numbers, probabilities: Values) -> dict[str, float]:
        """Macro and micro F1, mean average precision, exact sets and nats a clip."""
        return multilabel_scores(true, probabilities)

    def naive(self, training: Numbers, values: Values, seen: Values) -> Mapping[str, Values]:
        """How often each label comes, and the nearer of two means: of clips with it, of clips without it."""
        return {
            "frequencies": label_frequencies(training, len(seen)),
            "nearest_centroid": nearest_centroids(training, values, seen),
        }

    def over(self, clips: int) -> str:
        return f"{clips:,} clips, {len(self.labels)} labels to tell"

    def charts(self, true: Numbers, probabilities: Values) -> list[Chart]:
        """How well each label is told."""
        each = f1_by_label(true, binarize(probabilities))
        there = np.flatnonzero(~np.isnan(each))
        places, names = np.arange(len(there), dtype=np.float64), [self.labels[number] for number in there]
        return [
            Chart(
                "labels",
                "How well each label is told",
                "Label",
                "F1",
                bars=(Bars("F1", places, each[there], 0.8, names=names),),
                caption="At a probability of 0.5; labels that neither occur nor are told are left out.",
            )
        ]
