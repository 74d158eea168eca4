"""Stratified assignment with whole groups; and batches of sequences of similar length."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from echoic.windows import BucketSampler, Ranges, stratified_group_split
from echoic.windows import buckets as windows_buckets

ITEMS = st.lists(
    st.tuples(st.sets(st.sampled_from("abc")), st.none() | st.sampled_from("123456")), min_size=1, max_size=60
)


@given(items=ITEMS, fractions=st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.5), (0.25,) * 4]))
def test_every_item_and_every_group_is_in_one_split(
    items: list[tuple[set[str], str | None]], fractions: tuple[float, ...]
) -> None:
    labels, groups = [tuple(sorted(has)) for has, _ in items], [group for _, group in items]
    splits = stratified_group_split(labels, groups, fractions)
    assert sorted(number for split in splits for number in split) == list(range(len(items)))
    for group in set(groups) - {None}:
        assert sum(any(groups[number] == group for number in split) for split in splits) == 1
    assert stratified_group_split(labels, groups, fractions) == splits


def test_classes_are_split_by_the_fractions() -> None:
    labels = [("a",)] * 100 + [("b",)] * 20
    for split, fraction in zip(
        stratified_group_split(labels, [None] * 120, (0.8, 0.1, 0.1)), (0.8, 0.1, 0.1), strict=True
    ):
        counts = Counter(labels[number] for number in split)
        assert counts == {("a",): 100 * fraction, ("b",): 20 * fraction}


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.1), (0.25,) * 4])
def test_rarely_equal_label_sets_are_split_by_the_fractions(fractions: tuple[float, ...]) -> None:
    draws = np.random.default_rng(0)
    has = draws.random((300, 20)) < np.linspace(0.05, 0.3, 20)
    labels = [tuple(map(str, np.flatnonzero(row))) for row in has]
    assert len(set(labels)) > 200
    for split, fraction in zip(stratified_group_split(labels, [None] * 300, fractions), fractions, strict=True):
        assert len(split) / 300 == pytest.approx(fraction, abs=0.05)
        for label, found in enumerate(has[split].sum(0) / has.sum(0)):
            assert found == pytest.approx(fraction, abs=0.1), label


def test_items_without_labels_are_split_too() -> None:
    labels = [()] * 100 + [("a",)] * 20
    for split, fraction in zip(
        stratified_group_split(labels, [None] * 120, (0.8, 0.1, 0.1)), (0.8, 0.1, 0.1), strict=True
    ):
        assert Counter(labels[number] for number in split) == {(): 100 * fraction, ("a",): 20 * fraction}


def test_a_small_fraction_of_few_groups_gets_one() -> None:
    labels, groups = [("a",), ("b",)] * 20, [number // 10 for number in range(40)]
    train, dev = stratified_group_split(labels, list(map(str, groups)), (0.9, 0.1))
    assert (len(train), len(dev)) == (30, 10)


@pytest.mark.parametrize("each", [2, 3, 4])
def test_many_small_classes_leave_no_split_empty(each: int) -> None:
    labels = [(str(number),) for number in range(40)] * each
    splits = stratified_group_split(labels, [None] * len(labels), (0.8, 0.1, 0.1))
    assert {labels[number] for number in splits[0]} == set(labels)
    for split in splits[1:]:
        assert len(split) / len(labels) == pytest.approx(0.1, abs=0.03)
        assert len({labels[number] for number in split}) == len(split)


def test_single_items_of_all_classes_stay_together() -> None:
    labels = [(str(number),) for number in range(10)]
    assert list(map(len, stratified_group_split(labels, [None] * 10, (0.8, 0.1, 0.1)))) == [10, 0, 0]


def test_a_split_with_fraction_0_gets_nothing() -> None:
    assert stratified_group_split([("a",), ("b",)] * 5, [None] * 10, (0.9, 0.1, 0.0))[2] == []


def test_assignment_does_not_follow_the_order() -> None:
    train, _ = stratified_group_split([("a",)] * 100, [None] * 100, (0.5, 0.5))
    assert train != list(range(50))
    assert train != list(range(0, 100, 2))


def buckets(lengths: list[int], **options: Any) -> BucketSampler:
    return BucketSampler(Ranges.from_lengths(lengths), **options)


LENGTHS = [3, 50, 4, 47, 5, 49, 3, 51, 4, 48]


def test_every_sequence_occurs_once_per_epoch_with_others_of_its_length() -> None:
    sampler = buckets(LENGTHS, batch_size=2)
    assert len(sampler) == 5
    starts = torch.tensor([0, *torch.tensor(LENGTHS).cumsum(0)[:-1]])
    seen = list(sampler.epoch(1, 0))
    assert sorted(torch.cat([index.starts for index in seen]).tolist()) == starts.tolist()
    for index in seen:
        assert index.steps == index.valid.max()
        # Of ten sequences, five are short and five long: one batch must hold both.
    assert sum(int(index.valid.max() - index.valid.min()) > 10 for index in seen) == 1


def test_epochs_differ_and_skipping_continues() -> None:
    sampler = buckets(list(range(1, 41)), batch_size=4)
    first, again, other = ([index.starts.tolist() for index in sampler.epoch(0, epoch)] for epoch in (0, 0, 1))
    assert first == again
    assert first != other
    assert [index.starts.tolist() for index in sampler.epoch(0, 0, 3)] == first[3:]


def test_one_long_sequence_does_not_lengthen_many_others_in_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_buckets, "MAX_PADDED_STEPS", 60)
    sampler = buckets([9, 8, 7, 100, 10, 6, 10, 6, 5], batch_size=4, shuffle=False)
    valid = [index.valid.tolist() for index in sampler.epoch()]
    assert valid == [[9, 8, 7], [100], [10, 6, 10, 6], [5]]
    assert len(sampler) == len(valid)


def test_lengths_are_padded_to_a_multiple_and_evaluation_keeps_the_order() -> None:
    sampler = buckets([5, 3, 9], batch_size=2, multiple=4, shuffle=False)
    assert [(index.starts.tolist(), index.steps, index.valid.tolist()) for index in sampler.epoch()] == [
        ([0, 5], 8, [5, 3]),
        ([8], 12, [9]),
    ]
