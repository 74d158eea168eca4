"""Errors by class: which classes are taken for which, and precision, recall and F1 of each."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

Counts = Int[NDArray[np.int64], "classes classes"]
"""Numbers of clips by true class (row) and predicted class (column)."""

Labels = Int[NDArray[np.int64], "clips labels"]


class Confusion(NamedTuple):
    """`clips` of the class `label` of the `of` it has were taken for `predicted`."""

    label: str
    predicted: str
    clips: int
    of: int


class ClassScores(NamedTuple):
    """Scores of one class; those without a clip that they are about are 0."""

    clips: int
    precision: float
    recall: float
    f1: float


def top_confusions(table: Counts, names: tuple[str, ...]) -> list[Confusion]:
    """All confusions, the most frequent first."""
    wrong = table * (1 - np.eye(len(names), dtype=np.int64))
    order = np.argsort(-wrong, axis=None, kind="stable")[: int((wrong > 0).sum())]
    return [
        Confusion(names[true], names[predicted], int(table[true, predicted]), int(table[true].sum()))
        for true, predicted in (divmod(int(place), len(names)) for place in order)
    ]


def scores_by_class(true: Labels, predicted: Labels, names: tuple[str, ...]) -> dict[str, ClassScores]:
    """The scores of each class that occurs or is predicted, the lowest F1 first."""
    hits, occurring, found = (true & predicted).sum(0), true.sum(0), predicted.sum(0)
    scores = {
        name: ClassScores(
            int(occurring[number]),
            float(hits[number] / max(found[number], 1)),
            float(hits[number] / max(occurring[number], 1)),
            float(2 * hits[number] / (occurring[number] + found[number])),
        )
        for number, name in enumerate(names)
        if occurring[number] + found[number] > 0
    }
    return dict(sorted(scores.items(), key=lambda one: one[1].f1))
