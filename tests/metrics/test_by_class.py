"""Errors by class, compared with scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from echoic.metrics.by_class import Confusion, scores_by_class, top_confusions
from echoic.metrics.classes import confusion_matrix

NAMES = ("a", "b", "c", "d", "never")


def drawn() -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    draws = np.random.default_rng(0)
    return draws.integers(0, 4, 90), draws.integers(0, 3, 90)


def test_scores_are_those_of_scikit_learn_the_lowest_f1_first() -> None:
    true, predicted = drawn()
    each = np.arange(len(NAMES))
    found = scores_by_class(
        (true[:, None] == each).astype(np.int64), (predicted[:, None] == each).astype(np.int64), NAMES
    )
    assert "never" not in found
    precision, recall, f1, count = metrics.precision_recall_fscore_support(
        true, predicted, labels=range(4), zero_division=0.0
    )
    for number, name in enumerate(NAMES[:4]):
        assert found[name] == pytest.approx((count[number], precision[number], recall[number], f1[number]))
    assert [one.f1 for one in found.values()] == sorted(one.f1 for one in found.values())


def test_confusions_are_sorted_by_their_number() -> None:
    table = np.array([[5, 2, 0], [0, 0, 7], [2, 0, 1]])
    assert top_confusions(table, ("a", "b", "c")) == [
        Confusion("b", "c", 7, 7),
        Confusion("a", "b", 2, 7),
        Confusion("c", "a", 2, 3),
    ]
    assert top_confusions(np.diag([3, 4]), ("a", "b")) == []


def test_confusions_are_all_of_the_errors() -> None:
    true, predicted = drawn()
    found = top_confusions(confusion_matrix(true, predicted, len(NAMES)), NAMES)
    assert sum(one.clips for one in found) == int((true != predicted).sum())
