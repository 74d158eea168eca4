"""How well clips are told that have any number of labels."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Shares = NDArray[np.float64]


def told_of(probabilities: Shares) -> Numbers:
    """1 for each label that is likelier there than not, otherwise 0, shaped like `probabilities`."""
    return (probabilities > 0.5).astype(np.int64)


def scores_of(true: Numbers, probabilities: Shares) -> dict[str, float]:
    """F1, mean average precision, the share of sets that are exactly right, and nats a clip.

    Both `true`, 0 or 1, and `probabilities` are `(clips, labels)`. The mean average precision is over the labels that
    occur, and is left out if none does.
    """
    told = told_of(probabilities)
    occur = np.flatnonzero(true.any(0))
    precisions = [average_precision(true[:, label], probabilities[:, label]) for label in occur]
    return {
        "macro_f1": macro_f1(true, told),
        "micro_f1": micro_f1(true, told),
        **({"mean_average_precision": float(np.mean(precisions))} if precisions else {}),
        "exact": float((true == told).all(1).mean()),
        "nats_per_clip": float(nats(true, probabilities).mean()),
    }


def f1_by_label(true: Numbers, told: Numbers) -> Shares:
    """The harmonic mean of precision and recall `(labels,)`; NaN for labels that neither occur nor were told."""
    hits, there = (true & told).sum(0), true.sum(0) + told.sum(0)
    return np.where(there > 0, 2 * hits / np.maximum(there, 1), np.nan)


def macro_f1(true: Numbers, told: Numbers) -> float:
    """The mean of F1 over the labels that occur or were told; 1 if there are none."""
    each = f1_by_label(true, told)
    known = each[~np.isnan(each)]
    return float(known.mean()) if len(known) else 1.0


def micro_f1(true: Numbers, told: Numbers) -> float:
    """F1 over the labels of all clips together; 1 if there are none and none was told."""
    there = int(true.sum() + told.sum())
    return 2 * int((true & told).sum()) / there if there else 1.0


def average_precision(true: Numbers, probabilities: Shares) -> float:
    """The mean of the precision at every clip that has the label, the likeliest clips first (steps, no interpolation).

    Both are `(clips,)`, and one clip at least has the label. As in Manning, Raghavan and Schütze (2008), Introduction
    to Information Retrieval, section 8.4; clips of the same probability come at once, as in scikit-learn.
    """
    order = np.argsort(-probabilities, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)
    hits = true[order].cumsum()[ends]
    return float((np.diff(hits, prepend=0) * hits / (ends + 1)).sum() / hits[-1])


def nats(true: Numbers, probabilities: Shares) -> Shares:
    """Minus the logarithm of the probability of each clip's whole set, `(clips,)`."""
    chosen = np.where(true == 1, probabilities, 1 - probabilities)
    return np.asarray(-np.log(np.clip(chosen, 1e-12, 1)).sum(1))
