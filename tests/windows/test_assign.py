"""Whole series assigned to splits."""

import numpy as np
import pytest

from echoic.errors import DataError
from echoic.types import Annotations, Series
from echoic.windows import assign_splits, select_ranges


def series(*splits):
    return [
        Series(
            str(number),
            np.zeros((2 + number, 1), np.float32),
            ("a",),
            origin="here",
            annotations=Annotations(split=name),
        )
        for number, name in enumerate(splits)
    ]


def test_splits_of_the_source_are_kept():
    assert assign_splits(series("test", "train", "dev", "train"), None) == {"train": [1, 3], "dev": [2], "test": [0]}


@pytest.mark.parametrize(
    ("count", "rule", "sizes"),
    [
        (10, None, (8, 1, 1)),
        (3, (0.8, 0.1, 0.1), (1, 1, 1)),
        (100, (0.5, 0.2, 0.1), (50, 20, 10)),
        (7, (1.0, 0.0, 0.0), (7, 0, 0)),
        (10, (5, 2, 3), (5, 2, 3)),
        (10, (5, 2, 0), (5, 2, 0)),
    ],
)
def test_series_are_assigned_whole_and_once(count, rule, sizes):
    songs = series(*[None] * count)
    splits = assign_splits(songs, rule)
    assert tuple(len(splits[name]) for name in ("train", "dev", "test")) == sizes
    assigned = [number for numbers in splits.values() for number in numbers]
    assert len(set(assigned)) == len(assigned) == sum(sizes)
    assert assign_splits(songs, rule) == splits


@pytest.mark.parametrize(
    ("names", "rule", "words"),
    [
        ([None], None, "here: 1 pieces are too few for the split"),
        ([None] * 3, (3, 1, 0), "here: 3 pieces are too few"),
        (["dev", "test"], None, "nothing is left for training"),
    ],
)
def test_too_few_series_are_refused(names, rule, words):
    with pytest.raises(DataError, match=words):
        assign_splits(series(*names), rule)


def test_ranges_of_selected_series():
    selected = select_ranges(series(None, None, None), [0, 2])
    assert list(selected.spans()) == [(0, 2), (5, 9)]
