"""How well sets of notes are foretold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def frame_accuracy(predicted: NDArray[Any], target: NDArray[Any]) -> float:
    """Right notes among all that are right, wrong or missing, over all steps (Bay, Ehmann and Downie 2009).

    Both are `(steps, notes)` of 0 and 1. Silence that is foretold as silence is perfect: 1.
    """
    correct = np.logical_and(predicted, target).sum()
    union = np.logical_or(predicted, target).sum()
    return float(correct / union) if union else 1.0
