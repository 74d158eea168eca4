"""Collates: next steps, whole sequences with a target each, and windows with a class per step."""

import pytest
import torch

from echoic.batches import BatchLoader, NextStepCollate, SequenceCollate, StepCollate
from echoic.windows import BucketSampler, ChunkSampler, ExcerptSampler, Ranges

VALUES = torch.arange(30)[:, None]


def ranges(*spans: tuple[int, int]) -> Ranges:
    return Ranges(*torch.tensor(spans).unbind(1))


def next_steps(sampler: ChunkSampler) -> BatchLoader:
    return BatchLoader(sampler, NextStepCollate(VALUES))


def pairs(loader: BatchLoader) -> list[tuple[int, int]]:
    return sorted(
        (int(x), int(y))
        for batch in loader.epoch(0, 0)
        for x, y in zip(batch.inputs[batch.mask], batch.targets[batch.mask], strict=True)
    )


@pytest.mark.parametrize(("rows", "chunk"), [(1, None), (2, None), (3, 4), (1, 7), (4, 2)])
def test_every_step_predicts_the_next_one_once(rows: int, chunk: int | None) -> None:
    loader = next_steps(ChunkSampler.from_ranges(ranges((0, 11), (11, 13), (20, 29)), rows, chunk))
    assert pairs(loader) == [(step, step + 1) for step in [*range(10), 11, *range(20, 28)]]


def test_streams_are_no_longer_than_the_limit() -> None:
    loader = next_steps(ChunkSampler.from_ranges(ranges((0, 30)), 2, 3, 6))
    assert pairs(loader) == [(step, step + 1) for step in range(29)]
    assert [batch.carry for batch in loader.epoch(0, 0)] == [False, True] * 3
    assert [len(batch.inputs) for batch in loader.epoch(0, 0)] == [2] * 6


@pytest.mark.parametrize(("rows", "chunk"), [(1, 3), (8, 4), (2, None)])
def test_whole_series_start_once(rows: int, chunk: int | None) -> None:
    loader = next_steps(ChunkSampler.whole_series(ranges((0, 11), (11, 12), (20, 29)), rows, chunk))
    assert pairs(loader) == [(step, step + 1) for step in [*range(10), *range(20, 28)]]
    starts = [int(start) for batch in loader.epoch(0, 0) if not batch.carry for start in batch.inputs[:, 0, 0]]
    assert sorted(starts) == [0, 20]


def test_padding_shows_no_step_of_another_split() -> None:
    loader = next_steps(ChunkSampler.from_ranges(ranges((0, 5), (10, 14)), 2, None))
    own = {0, 1, 2, 3, 4, 10, 11, 12, 13}
    for batch in loader.epoch(0, 0):
        assert set(torch.cat([batch.inputs, batch.targets]).flatten().int().tolist()) <= own


def test_the_mask_covers_every_value_where_losses_are_per_value() -> None:
    collate = NextStepCollate(torch.zeros(9, 4), per_value=True)
    (batch,) = BatchLoader(ChunkSampler.from_ranges(ranges((0, 9)), 1, None), collate).epoch(0, 0)
    assert batch.mask.shape == batch.targets.shape == (1, 8, 4)
    assert batch.mask.all()


def test_sequences_keep_their_own_targets_in_any_order() -> None:
    lengths = [5, 2, 9, 4, 7]
    values = torch.cat([torch.full((length, 3), number + 1.0) for number, length in enumerate(lengths)])
    collate = SequenceCollate(values, torch.arange(5)[:, None] + 1)
    loader = BatchLoader(BucketSampler(Ranges.from_lengths(lengths), 2), collate)
    for epoch in range(3):
        targets = []
        for batch in loader.epoch(0, epoch):
            assert batch.lengths is not None
            assert batch.mask.shape == (len(batch.targets), 1, 1)
            targets += batch.targets[:, 0, 0].tolist()
            for row, target, length in zip(batch.inputs, batch.targets[:, 0, 0], batch.lengths, strict=True):
                assert length == lengths[int(target) - 1]
                assert (row[:length] == target).all()
                assert (row[length:] == 0).all()
        assert sorted(targets) == [1, 2, 3, 4, 5]


def test_delayed_targets_are_those_of_earlier_steps() -> None:
    sampler = ExcerptSampler(Ranges.from_lengths([10]), 1, 10, shuffle=False)
    targets = torch.stack([torch.arange(10), torch.arange(10) ** 2], 1)
    (batch,) = BatchLoader(sampler, StepCollate(torch.arange(10.0)[:, None], targets, 3)).epoch(0, 0)
    assert batch.inputs[0, :, 0].tolist() == list(range(10))
    assert batch.targets[0, 3:].tolist() == [[step, step**2] for step in range(7)]
    assert batch.mask[0, :, 0].tolist() == [False] * 3 + [True] * 7
