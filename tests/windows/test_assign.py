"""Whole series assigned to splits."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from echoic.errors import ConfigError, DataError
from echoic.types import Annotations, Series
from echoic.windows import assign_folds, assign_splits, fold_names, select_ranges

Sizes = tuple[float, float, float] | tuple[int, int, int]


def series(
    *splits: str | None, groups: list[str] | None = None, folds: Sequence[str | None] | None = None
) -> list[Series]:
    columns: dict[str, Sequence[Any]] = {
        "split": splits,
        "group": groups or [None] * len(splits),
        "fold": folds or [None] * len(splits),
    }
    return [
        Series(
            str(number),
            np.zeros((2 + number, 1), np.float32),
            ("a",),
            origin=f"here {number}",
            annotations=Annotations(**{name: values[number] for name, values in columns.items()}),
        )
        for number in range(len(splits))
    ]


def test_splits_of_the_source_are_kept() -> None:
    assert assign_splits(series("test", "train", "dev", "train"), None) == {"train": [1, 3], "dev": [2], "test": [0]}


@pytest.mark.parametrize(
    ("count", "rule", "sizes"),
    [
        (10, None, (8, 1, 1)),
        (3, (0.8, 0.1, 0.1), (1, 1, 1)),
        (3, (0.1, 0.45, 0.45), (1, 1, 1)),
        (5, (0.98, 0.01, 0.01), (3, 1, 1)),
        (100, (0.5, 0.2, 0.1), (50, 20, 10)),
        (7, (1.0, 0.0, 0.0), (7, 0, 0)),
        (10, (5, 2, 3), (5, 2, 3)),
        (10, (5, 2, 0), (5, 2, 0)),
    ],
)
def test_series_are_assigned_whole_and_once(count: int, rule: Sizes | None, sizes: tuple[int, int, int]) -> None:
    songs = series(*[None] * count)
    splits = assign_splits(songs, rule)
    assert tuple(len(splits[name]) for name in ("train", "dev", "test")) == sizes
    assigned = [number for numbers in splits.values() for number in numbers]
    assert len(set(assigned)) == len(assigned) == sum(sizes)
    assert assign_splits(songs, rule) == splits


@pytest.mark.parametrize(
    ("names", "rule", "words"),
    [
        (
            [None],
            None,
            r"here 0: the split \(0\.8, 0\.1, 0\.1\) requires more than 1 series; .* --split, such as 1,0,0 ",
        ),
        ([None] * 3, (3, 1, 0), "requires more than 3 series"),
        ([None] * 2, (8 / 9, 1 / 9, 1 / 9), r"the split \(0\.8889, 0\.1111, 0\.1111\) requires more than 2 series"),
        (["dev", "test"], None, "here 0: the train split is empty; choose another --split"),
        (
            ["train", None, "test"],
            None,
            "here 1 has no split, but other series have one; annotate all of them or none",
        ),
    ],
)
def test_too_few_series_are_refused(names: list[str | None], rule: Sizes | None, words: str) -> None:
    with pytest.raises(DataError, match=words):
        assign_splits(series(*names), rule)


def test_a_rule_overrides_the_splits_of_the_source() -> None:
    assert len(assign_splits(series(*["test"] * 10), (0.8, 0.1, 0.1))["train"]) == 8


def test_labels_are_split_by_the_fractions() -> None:
    labels = [("ab"[number % 5 == 0],) for number in range(100)]
    splits = assign_splits(series(*[None] * 100), (0.5, 0.25, 0.25), stratify=labels)
    counts = {split: Counter(labels[number] for number in numbers) for split, numbers in splits.items()}
    assert counts["train"] == {("a",): 40, ("b",): 10}
    assert counts["dev"] == counts["test"] == {("a",): 20, ("b",): 5}


@pytest.mark.parametrize("stratify", [None, [("a",), ("b",)] * 20])
def test_groups_stay_whole(stratify: list[tuple[str, ...]] | None) -> None:
    groups = [f"singer {number // 4}" for number in range(40)]
    splits = assign_splits(series(*[None] * 40, groups=groups), None, stratify=stratify)
    singers = [{groups[number] for number in numbers} for numbers in splits.values()]
    assert all(singers)
    assert sum(map(len, singers)) == 10


def test_a_group_in_two_annotated_splits_is_refused() -> None:
    both = series("train", "train", "test", groups=["x", "y", "y"])
    with pytest.raises(DataError, match="here 2: the group 'y' is in both the train and the test split; keep each"):
        assign_splits(both, None)


def test_a_fraction_of_train_becomes_dev_where_the_source_has_none() -> None:
    given = series(*["train"] * 20, *["test"] * 5)
    assert assign_splits(given, None)["dev"] == []
    splits = assign_splits(given, None, stratify=[("a",)] * 25, dev_fraction=0.1)
    assert (len(splits["train"]), len(splits["dev"]), splits["test"]) == (18, 2, list(range(20, 25)))
    with_dev = series("train", "dev", "train", "test")
    assert assign_splits(with_dev, None, dev_fraction=0.5)["train"] == [0, 2]


def test_the_chosen_fold_is_the_test_split() -> None:
    folds = ["1", "2", "3"] * 4
    splits = assign_splits(series(*["dev"] * 12), None, folds=folds, test_fold="2")
    assert splits == {"train": [n for n in range(12) if n % 3 != 1], "dev": [], "test": [1, 4, 7, 10]}
    assert assign_splits(series(*[None] * 12), None, folds=folds)["train"] == list(range(12))


def test_annotated_folds_are_kept_in_natural_order() -> None:
    given = ["10", "2", "2", "a"]
    assert assign_folds(series(*[None] * 4, folds=given), 3, [()] * 4) == given
    assert fold_names(given) == ["2", "10", "a"]
    with pytest.raises(ConfigError, match=r"`folds` must be 3, the number of folds in the data \(2, 10, a\), got 2"):
        assign_folds(series(*[None] * 4, folds=given), 2, [()] * 4)
    with pytest.raises(DataError, match="here 0 has no fold, but other series have one"):
        assign_folds(series(None, None, folds=[None, "1"]), 2, [()] * 2)


def test_folds_without_annotation_have_equal_labels_and_whole_groups() -> None:
    labels, groups = [("a",), ("b",)] * 20, [str(number // 2) for number in range(40)]
    folds = assign_folds(series(*[None] * 40, groups=groups), 4, labels)
    assert Counter(zip(folds, labels, strict=True)) == {(fold, (name,)): 5 for fold in "1234" for name in "ab"}
    assert len(set(zip(folds, groups, strict=True))) == 20


def test_ranges_of_selected_series() -> None:
    selected = select_ranges(series(None, None, None), [0, 2])
    assert list(selected.spans()) == [(0, 2), (5, 9)]
