"""Batches in which every step says the next, and songs dealt to parts."""

import numpy as np
import pytest
import torch

from echoic.errors import DataError
from echoic.types import Annotations, Series
from echoic.windows import ChunkSampler, NextStepBatches, Ranges, assign_splits, make_generator, select_ranges

VALUES = torch.arange(30)[:, None]


def split(*bounds):
    begin, end = torch.tensor(bounds).unbind(1)
    return Ranges(begin, end)


def seen(batches):
    return [
        (int(x), int(y))
        for batch in batches.epoch(0, 0)
        for x, y in zip(batch.inputs[batch.mask], batch.targets[batch.mask], strict=True)
    ]


@pytest.mark.parametrize(("rows", "chunk"), [(1, None), (2, None), (3, 4), (1, 7), (4, 2)])
def test_every_step_of_a_part_says_the_next_one_once(rows, chunk):
    batches = NextStepBatches(VALUES, ChunkSampler.from_ranges(split((0, 11), (11, 13), (20, 29)), rows, chunk))
    wanted = [(step, step + 1) for step in [*range(10), 11, *range(20, 28)]]
    assert sorted(seen(batches)) == wanted


def test_streams_can_be_held_to_a_length():
    batches = NextStepBatches(VALUES, ChunkSampler.from_ranges(split((0, 30)), 2, 3, 6))
    assert sorted(seen(batches)) == [(step, step + 1) for step in range(29)]
    carried = [batch.carry for batch in batches.epoch(0, 0)]
    assert carried == [False, True] * 3
    assert [len(batch.inputs) for batch in batches.epoch(0, 0)] == [2] * 6


@pytest.mark.parametrize(("rows", "chunk"), [(1, 3), (8, 4), (2, None)])
def test_uncut_series_begin_once(rows, chunk):
    batches = NextStepBatches(VALUES, ChunkSampler.whole_series(split((0, 11), (11, 12), (20, 29)), rows, chunk))
    assert sorted(seen(batches)) == [(step, step + 1) for step in [*range(10), *range(20, 28)]]
    starts = [
        int(batch.inputs[row, 0])
        for batch in batches.epoch(0, 0)
        if not batch.carry
        for row in range(len(batch.inputs))
    ]
    assert sorted(starts) == [0, 20]


def test_nothing_of_another_part_is_shown_even_where_it_does_not_count():
    batches = NextStepBatches(VALUES, ChunkSampler.from_ranges(split((0, 5), (10, 14)), 2, None))
    for batch in batches.epoch(0, 0):
        assert set(torch.cat([batch.inputs, batch.targets]).flatten().int().tolist()) <= {0, 1, 2, 3, 4, 10, 11, 12, 13}


def series(*splits):
    return [
        Series(str(at), np.zeros((2 + at, 1), np.float32), ("a",), origin="here", annotations=Annotations(split=name))
        for at, name in enumerate(splits)
    ]


def test_the_parts_that_the_data_name_are_kept():
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
def test_songs_are_dealt_whole_and_once(count, rule, sizes):
    songs = series(*[None] * count)
    splits = assign_splits(songs, rule)
    assert tuple(len(splits[name]) for name in ("train", "dev", "test")) == sizes
    dealt = [number for numbers in splits.values() for number in numbers]
    assert len(set(dealt)) == len(dealt) == sum(sizes)
    assert assign_splits(songs, rule) == splits


@pytest.mark.parametrize(
    ("names", "rule", "words"),
    [
        ([None], None, "here: 1 pieces are too few for the split"),
        ([None] * 3, (3, 1, 0), "here: 3 pieces are too few"),
        (["dev", "test"], None, "nothing is left for training"),
    ],
)
def test_too_few_songs_are_refused(names, rule, words):
    with pytest.raises(DataError, match=words):
        assign_splits(series(*names), rule)


def test_ranges_of_chosen_series():
    chosen = select_ranges(series(None, None, None), [0, 2])
    assert chosen.begin.tolist() == [0, 5]
    assert chosen.end.tolist() == [2, 9]


def test_every_seed_and_epoch_has_an_order_of_its_own():
    samplers = {
        tuple(torch.randperm(100, generator=make_generator(seed, epoch)).tolist())
        for seed in range(8)
        for epoch in range(8)
    }
    assert len(samplers) == 64
