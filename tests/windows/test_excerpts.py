"""Excerpts of recordings."""

import pytest
import torch

from echoic.windows import ExcerptSampler, Ranges, WindowIndex

RANGES = Ranges.from_lengths([25, 7, 40])


def steps_of(index: WindowIndex) -> list[int]:
    return [
        step
        for start, valid in zip(index.starts.tolist(), index.valid.tolist(), strict=True)
        for step in range(start, start + valid)
    ]


@pytest.mark.parametrize("shuffle", [True, False])
def test_excerpts_cover_every_step_and_stay_in_their_recording(shuffle: bool) -> None:
    sampler = ExcerptSampler(RANGES, 2, 10, shuffle=shuffle)
    for epoch in range(5):
        indices = list(sampler.epoch(0, epoch))
        assert len(indices) == len(sampler)
        assert {step for index in indices for step in steps_of(index)} == set(range(72))
        ends = {start + valid for index in indices for start, valid in zip(index.starts, index.valid, strict=True)}
        assert {25, 32, 72} <= {int(end) for end in ends}
        for index in indices:
            assert index.steps == 10
            recordings = torch.searchsorted(RANGES.end, index.starts, right=True)
            assert torch.equal(index.valid, torch.where(recordings == 1, 7, 10))


def test_cuts_move_each_epoch_only_in_training() -> None:
    moving, fixed = (ExcerptSampler(RANGES, 2, 10, shuffle=shuffle) for shuffle in (True, False))
    for sampler, same in ((moving, False), (fixed, True)):
        starts = [sorted(torch.cat([i.starts for i in sampler.epoch(0, epoch)]).tolist()) for epoch in (0, 1)]
        assert (starts[0] == starts[1]) == same
    assert torch.cat([index.starts for index in fixed.epoch(0, 0)]).tolist() == [0, 10, 15, 25, 32, 42, 52, 62]
