"""Dealing labelled pieces: classes even, groups whole; and batches of sequences of similar length."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from echoic.windows import BucketSampler, Ranges, stratified_group_split

PIECES = st.lists(
    st.tuples(st.sets(st.sampled_from("abc")), st.none() | st.sampled_from("123456")), min_size=1, max_size=60
)


@given(pieces=PIECES, fractions=st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.5), (0.25,) * 4]))
def test_every_piece_is_in_one_part_and_every_group_too(pieces, fractions):
    labels, groups = [tuple(sorted(has)) for has, _ in pieces], [group for _, group in pieces]
    splits = stratified_group_split(labels, groups, fractions)
    assert sorted(number for split in splits for number in split) == list(range(len(pieces)))
    for group in set(groups) - {None}:
        assert sum(any(groups[number] == group for number in split) for split in splits) == 1
    assert stratified_group_split(labels, groups, fractions) == splits


def test_classes_are_dealt_by_the_shares():
    labels = [("a",)] * 100 + [("b",)] * 20
    for split, share in zip(
        stratified_group_split(labels, [None] * 120, (0.8, 0.1, 0.1)), (0.8, 0.1, 0.1), strict=True
    ):
        counts = Counter(labels[number] for number in split)
        assert counts == {("a",): 100 * share, ("b",): 20 * share}


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.1), (0.25,) * 4])
def test_labels_are_dealt_by_the_shares_where_hardly_two_pieces_have_the_same(fractions):
    draws = np.random.default_rng(0)
    has = draws.random((300, 20)) < np.linspace(0.05, 0.3, 20)
    labels = [tuple(map(str, np.flatnonzero(row))) for row in has]
    assert len(set(labels)) > 200
    for split, share in zip(stratified_group_split(labels, [None] * 300, fractions), fractions, strict=True):
        assert len(split) / 300 == pytest.approx(share, abs=0.05)
        for label, found in enumerate(has[split].sum(0) / has.sum(0)):
            assert found == pytest.approx(share, abs=0.1), label


def test_pieces_without_labels_are_dealt_too():
    labels = [()] * 100 + [("a",)] * 20
    for split, share in zip(
        stratified_group_split(labels, [None] * 120, (0.8, 0.1, 0.1)), (0.8, 0.1, 0.1), strict=True
    ):
        assert Counter(labels[number] for number in split) == {(): 100 * share, ("a",): 20 * share}


def test_a_small_share_of_few_groups_gets_one():
    labels, groups = [("a",), ("b",)] * 20, [number // 10 for number in range(40)]
    train, dev = stratified_group_split(labels, list(map(str, groups)), (0.9, 0.1))
    assert (len(train), len(dev)) == (30, 10)


def test_a_part_without_a_share_gets_nothing():
    assert stratified_group_split([("a",), ("b",)] * 5, [None] * 10, (0.9, 0.1, 0.0))[2] == []


def test_the_order_is_no_part_of_the_deal():
    train, _ = stratified_group_split([("a",)] * 100, [None] * 100, (0.5, 0.5))
    assert train != list(range(50))
    assert train != list(range(0, 100, 2))


def buckets(lengths, **options):
    lengths = torch.tensor(lengths)
    ends = lengths.cumsum(0)
    return BucketSampler(Ranges(ends - lengths, ends), **options)


LENGTHS = [3, 50, 4, 47, 5, 49, 3, 51, 4, 48]


def test_every_sequence_comes_once_an_epoch_in_company_of_its_length():
    sampler = buckets(LENGTHS, batch_size=2)
    assert len(sampler) == 5
    starts = torch.tensor([0, *torch.tensor(LENGTHS).cumsum(0)[:-1]])
    seen = list(sampler.epoch(1, 0))
    assert sorted(torch.cat([index.starts for index in seen]).tolist()) == starts.tolist()
    for index in seen:
        assert index.steps == index.valid.max()
        # Of ten sequences, five are short and five long: one batch must hold both.
    assert sum(int(index.valid.max() - index.valid.min()) > 10 for index in seen) == 1


def test_epochs_differ_seeds_decide_and_a_skip_goes_on():
    sampler = buckets(list(range(1, 41)), batch_size=4)
    first, again, other = ([index.starts.tolist() for index in sampler.epoch(0, epoch)] for epoch in (0, 0, 1))
    assert first == again
    assert first != other
    assert [index.starts.tolist() for index in sampler.epoch(0, 0, 3)] == first[3:]


def test_lengths_are_made_up_to_a_multiple_and_scoring_keeps_the_order():
    sampler = buckets([5, 3, 9], batch_size=2, multiple=4, shuffle=False)
    assert [(index.starts.tolist(), index.steps, index.valid.tolist()) for index in sampler.epoch()] == [
        ([0, 5], 8, [5, 3]),
        ([8], 12, [9]),
    ]
