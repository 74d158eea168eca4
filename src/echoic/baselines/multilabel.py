"""Baselines for multi-label classification: label frequencies and nearest centroids."""

import numpy as np
from numpy.typing import NDArray

from echoic.baselines.classes import NearestCentroid

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def label_frequencies(training: Numbers, clips: int) -> Values:
    """Predicts the training frequency of each label for every clip, `(clips, labels)`."""
    return np.tile(training.mean(0), (clips, 1))


def nearest_centroids(training: Numbers, values: Values, queries: Values) -> Values:
    """Predicts each label by the nearer centroid: that of the training clips with it or without it.

    Args:
        training: the labels of the training clips `(training clips, labels)`, 0 or 1.
        values: a vector per training clip `(training clips, values)`.
        queries: a vector per clip to classify `(clips, values)`.

    Returns:
        Probabilities `(clips, labels)`.
    """
    per_label = [NearestCentroid.fit(values, label, 2).predict_probs(queries)[:, 1] for label in training.T]
    return np.stack(per_label, axis=1)
