"""Baselines for classification: the majority class and the nearest centroid."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.baselines.packed import pack, unpack

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def class_frequencies(labels: Numbers, classes: int) -> Values:
    """The training frequency of each class `(classes,)`, which the baseline `majority` predicts for every clip."""
    return np.asarray(np.bincount(labels, minlength=classes) / len(labels))


@final
@dataclass(frozen=True, eq=False)
class NearestCentroid:
    """Classifies by the nearest class mean, on standardised values."""

    centroids: Values
    std: Values

    @classmethod
    def fit(cls, values: Values, labels: Numbers, classes: int) -> Self:
        """Fits to one vector per clip, `(clips, values)`. A class without clips is never predicted."""
        std = values.std(0) + 1e-9
        centroids = np.full((classes, values.shape[1]), np.inf)
        for label in np.unique(labels):
            centroids[label] = values[labels == label].mean(0)
        return cls(centroids, std)

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values; arrays are packed."""
        return {"centroids": pack(self.centroids), "std": pack(self.std)}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        std = unpack(state, "std", None).astype(np.float64)
        # Classes without clips are infinitely far.
        return cls(unpack(state, "centroids", None, len(std), finite=False).astype(np.float64), std)

    def predict_probs(self, values: Values) -> Values:
        """The softmax of minus the mean squared distance, `(clips, classes)`."""
        scaled = (values[:, None] - self.centroids) / self.std
        negative_distance = -np.square(scaled).mean(-1)
        weights = np.exp(negative_distance - negative_distance.max(1, keepdims=True))
        return np.asarray(weights / weights.sum(1, keepdims=True))
