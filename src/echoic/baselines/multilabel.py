"""Baselines for multi-label classification: label frequencies and nearest centroids."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.baselines.classes import NearestCentroid

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def label_frequencies(training: Numbers) -> Values:
    """The training frequency of each label `(labels,)`, which the baseline `frequencies` predicts for every clip."""
    return np.asarray(training.mean(0))


def label_centroids(training: Numbers, values: Values) -> list[NearestCentroid]:
    """For each label the centroids of the training clips with it and without it.

    Args:
        training: the labels of the training clips `(training clips, labels)`, 0 or 1.
        values: a vector per training clip `(training clips, values)`.
    """
    return [NearestCentroid.fit(values, label, 2) for label in training.T]


def label_probabilities(centroids: Sequence[NearestCentroid], queries: Values) -> Values:
    """Predicts each label by the nearer centroid.

    Args:
        centroids: the result of `label_centroids`.
        queries: a vector per clip to classify `(clips, values)`.

    Returns:
        Probabilities `(clips, labels)`.
    """
    return np.stack([one.predict_probs(queries)[:, 1] for one in centroids], axis=1)
