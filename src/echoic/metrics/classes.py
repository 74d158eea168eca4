"""Scores of single-label classification, and calibration of the probabilities."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

Classes = Int[NDArray[np.int64], "clips"]
"""The class of each clip."""

Probs = Float[NDArray[np.float64], "clips classes"]
Counts = Int[NDArray[np.int64], "classes classes"]
"""Numbers of clips by true class (row) and predicted class (column)."""

CALIBRATION_BINS = 15


def confusion_matrix(true: Classes, predicted: Classes, classes: int) -> Counts:
    """Counts of true class (row) by predicted class (column)."""
    counts: Counts = np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)
    return counts


def classification_scores(true: Classes, probs: Probs) -> dict[str, float]:
    """Accuracy, macro F1, nats per clip and expected calibration error."""
    table = confusion_matrix(true, probs.argmax(1), probs.shape[1])
    true_probs = np.clip(probs[np.arange(len(true)), true], 1e-12, 1)
    return {
        "accuracy": float(np.diag(table).sum() / table.sum()),
        "macro_f1": macro_f1(table),
        "nats_per_clip": -float(np.log(true_probs).mean()),
        "calibration_error": calibration_error(true, probs),
    }


def macro_f1(table: Counts) -> float:
    """Macro F1: the mean of F1 over the classes that occur or were predicted."""
    correct, occurred, predicted = np.diag(table), table.sum(1), table.sum(0)
    present = occurred + predicted > 0
    return float((2 * correct[present] / (occurred + predicted)[present]).mean())


def calibration_curve(
    true: Classes, probs: Probs
) -> tuple[Float[NDArray[np.float64], "bins"], Float[NDArray[np.float64], "bins"], Int[NDArray[np.int64], "bins"]]:
    """Mean confidence, accuracy and number of clips of each non-empty confidence bin."""
    confidence, correct = probs.max(1), probs.argmax(1) == true
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    counts: Any = np.bincount(bins, minlength=CALIBRATION_BINS)
    non_empty = counts > 0
    means = [
        np.bincount(bins, column, CALIBRATION_BINS)[non_empty] / counts[non_empty] for column in (confidence, correct)
    ]
    return means[0], means[1], counts[non_empty]


def calibration_error(true: Classes, probs: Probs) -> float:
    """Expected calibration error: mean gap between confidence and accuracy (Guo 2017, 15 bins)."""
    confidence, accuracy, counts = calibration_curve(true, probs)
    return float((np.abs(confidence - accuracy) * counts).sum() / counts.sum())
