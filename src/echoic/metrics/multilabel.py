"""Scores of multi-label classification."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

Labels = Int[NDArray[np.int64], "clips labels"]
"""1 for each label of a clip, otherwise 0."""

Probs = Float[NDArray[np.float64], "clips labels"]


def binarize(probs: Probs) -> Labels:
    """1 for each label that is likelier there than not, otherwise 0."""
    return (probs > 0.5).astype(np.int64)


def multilabel_scores(true: Labels, probs: Probs) -> dict[str, float]:
    """F1, mean average precision, exact match ratio, and nats per clip.

    The mean average precision is over the labels that occur, and is left out if none does.
    """
    predicted = binarize(probs)
    occurring = np.flatnonzero(true.any(0))
    precisions = [average_precision(true[:, label], probs[:, label]) for label in occurring]
    return {
        "macro_f1": macro_f1(true, predicted),
        "micro_f1": micro_f1(true, predicted),
        **({"mean_average_precision": float(np.mean(precisions))} if precisions else {}),
        "exact_match": float((true == predicted).all(1).mean()),
        "nats_per_clip": float(nats_per_clip(true, probs).mean()),
    }


def f1_by_label(true: Labels, predicted: Labels) -> Float[NDArray[np.float64], "labels"]:
    """The harmonic mean of precision and recall; NaN for labels that neither occur nor were predicted."""
    hits, positives = (true & predicted).sum(0), true.sum(0) + predicted.sum(0)
    return np.where(positives > 0, 2 * hits / np.maximum(positives, 1), np.nan)


def macro_f1(true: Labels, predicted: Labels) -> float:
    """Mean F1 over the labels that occur or are predicted; 1 if there are none."""
    per_label = f1_by_label(true, predicted)
    defined = per_label[~np.isnan(per_label)]
    return float(defined.mean()) if len(defined) else 1.0


def macro_f1_by_clip(true: Labels, predicted: Labels) -> Float[NDArray[np.float64], "clips"]:
    """Shares of the clips in macro F1, whose mean it is: jackknife pseudo-values, from macro F1 without each clip."""
    hits, positives = true & predicted, true + predicted
    left_hits, left = hits.sum(0) - hits, positives.sum(0) - positives
    defined = left > 0
    per_label = np.where(defined, 2 * left_hits / np.maximum(left, 1), 0.0)
    without = np.where(defined.any(1), per_label.sum(1) / np.maximum(defined.sum(1), 1), 1.0)
    return np.asarray(macro_f1(true, predicted) + (len(true) - 1) * (without.mean() - without))


def micro_f1(true: Labels, predicted: Labels) -> float:
    """F1 over all pairs of clip and label; 1 if no label occurs or is predicted."""
    positives = int(true.sum() + predicted.sum())
    return 2 * int((true & predicted).sum()) / positives if positives else 1.0


def average_precision(true: Int[NDArray[np.int64], "clips"], probs: Float[NDArray[np.float64], "clips"]) -> float:
    """The mean of the precision at every clip that has the label, by descending probability (steps, no interpolation).

    At least one clip has the label. As in Manning, Raghavan and Schütze (2008), Introduction to Information Retrieval,
    section 8.4; clips of the same probability come at once, as in scikit-learn.
    """
    order = np.argsort(-probs, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(probs[order])), len(order) - 1)
    hits = true[order].cumsum()[ends]
    return float((np.diff(hits, prepend=0) * hits / (ends + 1)).sum() / hits[-1])


def nats_per_clip(true: Labels, probs: Probs) -> Float[NDArray[np.float64], "clips"]:
    """Negative log-likelihood of each clip's labels in nats."""
    chosen = np.where(true == 1, probs, 1 - probs)
    return np.asarray(-np.log(np.clip(chosen, 1e-12, 1)).sum(1))
