"""Baselines for classification: the majority class and the nearest centroid."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def majority_class(labels: Numbers, clips: int, classes: int) -> Values:
    """Predicts the training frequencies of the classes for every clip, `(clips, classes)`."""
    return np.tile(np.bincount(labels, minlength=classes) / len(labels), (clips, 1))


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

    def predict_probs(self, values: Values) -> Values:
        """The softmax of minus the mean squared distance, `(clips, classes)`."""
        scaled = (values[:, None] - self.centroids) / self.std
        negative_distance = -np.square(scaled).mean(-1)
        weights = np.exp(negative_distance - negative_distance.max(1, keepdims=True))
        return np.asarray(weights / weights.sum(1, keepdims=True))
