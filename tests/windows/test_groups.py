"""Dealing labelled pieces: classes even, groups whole; and batches of sequences of similar length."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from echoic.windows import Buckets, Ranges, deal_labelled

PIECES = st.lists(
    st.tuples(st.sets(st.sampled_from("abc")), st.none() | st.sampled_from("123456")), min_size=1, max_size=60
)


@given(pieces=PIECES, shares=st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.5), (0.25,) * 4]))
def test_every_piece_is_in_one_part_and_every_group_too(pieces, shares):
    labels, groups = [tuple(sorted(has)) for has, _ in pieces], [group for _, group in pieces]
    parts = deal_labelled(labels, groups, shares)
    assert sorted(number for part in parts for number in part) == list(range(len(pieces)))
    for group in set(groups) - {None}:
        assert sum(any(groups[number] == group for number in part) for part in parts) == 1
    assert deal_labelled(labels, groups, shares) == parts


def test_classes_are_dealt_by_the_shares():
    labels = [("a",)] * 100 + [("b",)] * 20
    for part, share in zip(deal_labelled(labels, [None] * 120, (0.8, 0.1, 0.1)), (0.8, 0.1, 0.1), strict=True):
        counts = Counter(labels[number] for number in part)
        assert counts == {("a",): 100 * share, ("b",): 20 * share}


@pytest.mark.parametrize("shares", [(0.8, 0.1, 0.1), (0.25,) * 4])
def test_labels_are_dealt_by_the_shares_where_hardly_two_pieces_have_the_same(shares):
    draws = np.random.default_rng(0)
    has = draws.random((300, 20)) < np.linspace(0.05, 0.3, 20)
    labels = [tuple(map(str, np.flatnonzero(row))) for row in has]
    assert len(set(labels)) > 200
    for part, share in zip(deal_labelled(labels, [None] * 300, shares), shares, strict=True):
        assert len(part) / 300 == pytest.approx(share, abs=0.05)
        for label, found in enumerate(has[part].sum(0) / has.sum(0)):
            assert found == pytest.approx(share, abs=0.1), label


def test_pieces_without_labels_are_dealt_too():
    labels = [()] * 100 + [("a",)] * 20
    for part, share in zip(deal_labelled(labels, [None] * 120, (0.8, 0.1, 0.1)), (0.8, 0.1, 0.1), strict=True):
        assert Counter(labels[number] for number in part) == {(): 100 * share, ("a",): 20 * share}


def test_a_small_share_of_few_groups_gets_one():
    labels, groups = [("a",), ("b",)] * 20, [number // 10 for number in range(40)]
    train, dev = deal_labelled(labels, list(map(str, groups)), (0.9, 0.1))
    assert (len(train), len(dev)) == (30, 10)


def test_a_part_without_a_share_gets_nothing():
    assert deal_labelled([("a",), ("b",)] * 5, [None] * 10, (0.9, 0.1, 0.0))[2] == []


def test_the_order_is_no_part_of_the_deal():
    train, _ = deal_labelled([("a",)] * 100, [None] * 100, (0.5, 0.5))
    assert train != list(range(50))
    assert train != list(range(0, 100, 2))


def buckets(lengths, **options):
    lengths = torch.tensor(lengths)
    ends = lengths.cumsum(0)
    return Buckets(Ranges(ends - lengths, ends), **options)


LENGTHS = [3, 50, 4, 47, 5, 49, 3, 51, 4, 48]


def test_every_sequence_comes_once_an_epoch_in_company_of_its_length():
    order = buckets(LENGTHS, batch_size=2)
    assert len(order) == 5
    starts = torch.tensor([0, *torch.tensor(LENGTHS).cumsum(0)[:-1]])
    seen = list(order.epoch(1, 0))
    assert sorted(torch.cat([cut.starts for cut in seen]).tolist()) == starts.tolist()
    for cut in seen:
        assert cut.steps == cut.valid.max()
        # Of ten sequences, five are short and five long: one batch must hold both.
    assert sum(int(cut.valid.max() - cut.valid.min()) > 10 for cut in seen) == 1


def test_epochs_differ_seeds_decide_and_a_skip_goes_on():
    order = buckets(list(range(1, 41)), batch_size=4)
    first, again, other = ([cut.starts.tolist() for cut in order.epoch(0, epoch)] for epoch in (0, 0, 1))
    assert first == again
    assert first != other
    assert [cut.starts.tolist() for cut in order.epoch(0, 0, 3)] == first[3:]


def test_lengths_are_made_up_to_a_multiple_and_scoring_keeps_the_order():
    order = buckets([5, 3, 9], batch_size=2, multiple=4, shuffle=False)
    assert [(cut.starts.tolist(), cut.steps, cut.valid.tolist()) for cut in order.epoch()] == [
        ([0, 5], 8, [5, 3]),
        ([8], 12, [9]),
    ]
