"""The interface of labellings."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from echoic.errors import DataError
from echoic.heads import SymbolHead
from echoic.metrics.by_class import ClassScores, Confusion
from echoic.report.charts import Chart
from echoic.sources.clips import labels_of
from echoic.types import Series

Targets = NDArray[np.int64]
Values = NDArray[np.float64]


class Prediction(NamedTuple):
    """Predicted `targets`, and the probability `confidence` `(clips,)` of each."""

    targets: Targets
    confidence: Values


class Labelling(Protocol):
    """One label per clip, with targets `(clips, 1)` (class numbers), or several, `(clips, labels)` (0 or 1).

    Probabilities are always `(clips, labels)`.
    """

    headline: ClassVar[str]
    """The most important score."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in the order of their numbers."""

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of training clips with each label."""

    def head(self, width: int) -> SymbolHead:
        """The head over hidden vectors of this width."""

    def targets(self, clips: Sequence[Series]) -> Targets:
        """The targets of clips.

        Raises:
            DataError: a label does not occur in training.
        """

    def probabilities(self, params: Tensor) -> Values:
        """The probabilities from the head's `params` `(clips, 1, features, parameters)`."""

    def predict(self, probabilities: Values) -> Prediction:
        """The most probable targets."""

    def format(self, targets: Targets) -> list[str]:
        """Targets as text."""

    def errors(self, true: Targets, probabilities: Values) -> Values:
        """The size of the error for each clip `(clips,)`, by which mistakes are sorted."""

    def headline_errors(self, true: Targets, probabilities: Values) -> Values:
        """An error of each clip `(clips,)`, whose mean is 1 minus the headline score."""

    def scores(self, true: Targets, probabilities: Values) -> dict[str, float]:
        """All scores."""

    def constant_baseline(self, training: Targets, clips: int) -> tuple[str, Values]:
        """The name of the baseline that predicts the same for all `clips`, and its probabilities."""

    def fit_baselines(self, training: Targets, values: Values) -> dict[str, Any]:
        """The simple baselines as plain JSON values, from the targets of training clips and a vector for each."""

    def baselines(self, fitted: Mapping[str, Any], new: Values) -> Mapping[str, Values]:
        """The probabilities that the `fitted` baselines predict for clips with the vectors `new`, by their names."""

    def describe(self, clips: int) -> str:
        """The number of clips and labels in words."""

    def confusions(self, true: Targets, probabilities: Values) -> list[Confusion]:
        """Which labels are taken for which, the most frequent first; none with several labels per clip."""

    def by_class(self, true: Targets, probabilities: Values) -> dict[str, ClassScores]:
        """Scores of each label, the lowest F1 first."""

    def charts(self, true: Targets, probabilities: Values) -> list[Chart]:
        """Charts of the errors by label."""


def numbers_of(labels: Sequence[str], clips: Sequence[Series]) -> list[list[int]]:
    """The numbers of the labels of each clip.

    Raises:
        DataError: a clip has another label.
    """
    known = {label: number for number, label in enumerate(labels)}
    for clip in clips:
        for label in labels_of(clip):
            if label not in known:
                raise DataError(f"{clip.origin} has the label {label!r}, which no training clip has.")
    return [[known[label] for label in labels_of(clip)] for clip in clips]
