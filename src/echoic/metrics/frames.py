"""Frame accuracy of predicted notes."""

from typing import Any

import numpy as np
from jaxtyping import Shaped
from numpy.typing import NDArray

Notes = Shaped[NDArray[Any], "steps notes"]
"""1 for each note that sounds, otherwise 0."""


def frame_accuracy(predicted: Notes, target: Notes) -> float:
    """Correct notes divided by correct, spurious and missing ones, over all steps (Bay, Ehmann and Downie 2009).

    1 if all steps are silent and predicted as silent.
    """
    correct = np.logical_and(predicted, target).sum()
    union = np.logical_or(predicted, target).sum()
    return float(correct / union) if union else 1.0
