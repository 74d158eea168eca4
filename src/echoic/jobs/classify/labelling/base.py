"""What one label a clip and several differ in."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from echoic.errors import DataError
from echoic.heads import SymbolHead
from echoic.report.charts import Chart
from echoic.sources.clips import labels_of
from echoic.types import Series

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


class Told(NamedTuple):
    """What clips are told to be: `numbers` like targets, and the `confidence` `(clips,)` in it, a probability."""

    numbers: Numbers
    confidence: Values


class Labelling(Protocol):
    """How clips have their labels.

    Targets are `(clips, 1)`, the number of the class, or `(clips, labels)`, 0 or 1. Probabilities are always
    `(clips, labels)`.
    """

    headline: ClassVar[str]
    """The score that stands for all."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in the order of their numbers."""

    @property
    def counts(self) -> tuple[int, ...]:
        """How many training clips have each label."""

    def head(self, width: int) -> SymbolHead:
        """What stands on hidden vectors of this width."""

    def targets(self, clips: Sequence[Series]) -> Numbers:
        """The targets of clips.

        Raises:
            DataError: a label was not there in training.
        """

    def probabilities(self, params: Tensor) -> Values:
        """Of each label, from the head's `params` `(clips, 1, features, parameters)`."""

    def told(self, probabilities: Values) -> Told:
        """What to bet on."""

    def words(self, numbers: Numbers) -> list[str]:
        """Targets, or what is told, as it is written."""

    def wrongness(self, true: Numbers, probabilities: Values) -> Values:
        """How far off each clip is `(clips,)`, in a unit of its own: it puts mistakes in order."""

    def scores(self, true: Numbers, probabilities: Values) -> dict[str, float]:
        """How well clips are told whose targets are `true`."""

    def naive(self, training: Numbers, values: Values, seen: Values) -> Mapping[str, Values]:
        """The probabilities that naive ways give, by their names.

        `training` are the targets of the training clips and `values` a vector for each of them; `seen` are the vectors
        of the clips that are asked about.
        """

    def over(self, clips: int) -> str:
        """So many clips of so many labels, in words."""

    def charts(self, true: Numbers, probabilities: Values) -> list[Chart]:
        """Which labels are told how well."""


def numbers_of(labels: Sequence[str], clips: Sequence[Series]) -> list[list[int]]:
    """The numbers of the labels of each clip.

    Raises:
        DataError: a clip has another label.
    """
    known = {label: number for number, label in enumerate(labels)}
    for clip in clips:
        for label in labels_of(clip):
            if label not in known:
                raise DataError(f"{clip.origin}: has the label {label!r}, which no training clip has.")
    return [[known[label] for label in labels_of(clip)] for clip in clips]
