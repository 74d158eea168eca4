"""What telling several labels a clip comes to without a network: how often each comes, and nearest means."""

import numpy as np
from numpy.typing import NDArray

from echoic.baselines.classes import NearestCentroid

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def label_frequencies(training: Numbers, clips: int) -> Values:
    """The share of the training clips `(clips, labels)` that have each label, for every clip, `(clips, labels)`."""
    return np.tile(training.mean(0), (clips, 1))


def nearest_centroids(training: Numbers, values: Values, queries: Values) -> Values:
    """For each label, whether a clip is nearer to the mean of those with it or of those without it.

    `training` `(training clips, labels)` is 0 or 1, `values` has a vector for each of those clips and `queries` one for
    each clip that is asked about; the probabilities are `(clips, labels)`.
    """
    per_label = [NearestCentroid.fit(values, label, 2).predict_probs(queries)[:, 1] for label in training.T]
    return np.stack(per_label, axis=1)
