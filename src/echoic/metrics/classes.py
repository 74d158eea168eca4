"""How well classes are told, and how far the probabilities can be trusted."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Shares = NDArray[np.float64]

CALIBRATION_BINS = 15


def confusion(true: Numbers, told: Numbers, classes: int) -> Numbers:
    """How often each class (row) was told to be each class (column), `(classes, classes)`."""
    counts: Numbers = np.bincount(true * classes + told, minlength=classes * classes).reshape(classes, classes)
    return counts


def scores_of(true: Numbers, probabilities: Shares) -> dict[str, float]:
    """Accuracy, macro F1, nats a clip and expected calibration error, from probabilities `(clips, classes)`."""
    table = confusion(true, probabilities.argmax(1), probabilities.shape[1])
    chosen = np.clip(probabilities[np.arange(len(true)), true], 1e-12, 1)
    return {
        "accuracy": float(np.diag(table).sum() / table.sum()),
        "macro_f1": macro_f1(table),
        "nats_per_clip": -float(np.log(chosen).mean()),
        "calibration_error": calibration_error(true, probabilities),
    }


def macro_f1(table: Numbers) -> float:
    """The mean over classes that occur, or were told, of the harmonic mean of precision and recall."""
    right, occurred, told = np.diag(table), table.sum(1), table.sum(0)
    there = occurred + told > 0
    return float((2 * right[there] / (occurred + told)[there]).mean())


def calibration(true: Numbers, probabilities: Shares) -> tuple[Shares, Shares, Numbers]:
    """Mean confidence, accuracy and count of clips by confidence of the class that was told, for bins with clips."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == true
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    counts: Any = np.bincount(bins, minlength=CALIBRATION_BINS)
    some = counts > 0
    means = [np.bincount(bins, what, CALIBRATION_BINS)[some] / counts[some] for what in (confidence, right)]
    return means[0], means[1], counts[some]


def calibration_error(true: Numbers, probabilities: Shares) -> float:
    """How far confidence is from accuracy, a clip counting as much as any (Guo 2017, 15 bins)."""
    confidence, accuracy, counts = calibration(true, probabilities)
    return float((np.abs(confidence - accuracy) * counts).sum() / counts.sum())
