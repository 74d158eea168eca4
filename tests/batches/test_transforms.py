"""Transforms of sound: a loss over part of the frames, and a random gain per stream."""

import numpy as np
import torch

from echoic.batches import BatchLoader, Draws, NextStepCollate, RandomGain, SubsampleLoss, Transform
from echoic.codecs import MuLaw
from echoic.tensors import Batch
from echoic.windows import ChunkSampler, Ranges

CODEC = MuLaw.fit([np.linspace(-1, 1, 1000, dtype=np.float32)])


def codes(*transforms: Transform, chunk: int | None = 5, streams: int = 4, steps: int = 81) -> BatchLoader:
    """Batches of frames of two codes at half of full scale."""
    code = float(CODEC.quantize(np.array([0.5 * CODEC.code_values[-1]]))[0])
    sampler = ChunkSampler.from_ranges(Ranges.from_lengths([steps]), streams, chunk, 10)
    return BatchLoader(sampler, NextStepCollate(torch.full((steps, 2), code), per_value=True), transforms)


def gains(batch: Batch) -> list[float]:
    """The code of each stream; all codes of a stream are the same."""
    both = torch.cat([batch.inputs, batch.targets], 1).flatten(1)
    assert (both == both[:, :1]).all()
    found: list[float] = both[:, 0].tolist()
    return found


def test_a_stream_keeps_its_gain_while_its_state_is_carried() -> None:
    loader = codes(RandomGain(CODEC, 6.0))
    batches = list(loader.epoch(0, 0))
    assert [batch.carry for batch in batches] == [False, True] * 2
    made = [gains(batch) for batch in batches]
    assert made[0] == made[1] != made[2] == made[3]
    assert len(set(made[0])) == 4
    (last,) = loader.epoch(0, 0, 3)
    assert gains(last) == made[3]
    assert [gains(batch) for batch in loader.epoch(0, 1)] != made


def test_gains_reach_from_softer_to_louder_by_the_given_decibels() -> None:
    loader = codes(RandomGain(CODEC, 6.0), chunk=None, streams=64)
    plain, made = gains(next(codes().epoch(0, 0)))[0], []
    for epoch in range(40):
        made += [code for batch in loader.epoch(0, epoch) for code in gains(batch)]
    before, after = CODEC.code_values[int(plain)], CODEC.code_values[np.array(made, int)]
    ratio_db = 20 * np.log10(after / before)
    assert -6.3 < ratio_db.min() < -5 < 5 < ratio_db.max() < 6.3


def test_a_fraction_of_the_frames_counts_and_other_ones_each_time() -> None:
    loader = codes(SubsampleLoss(0.25), chunk=None, streams=1, steps=2001)
    masks = [torch.cat([batch.mask.flatten(0, 1) for batch in loader.epoch(0, epoch)]) for epoch in (0, 0, 1)]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])
    assert torch.equal(masks[0][:, 0], masks[0][:, 1])
    assert abs(float(masks[0].float().mean()) - 0.25) < 0.05


def test_a_loss_over_part_of_a_short_batch_has_a_frame() -> None:
    batch = Batch(torch.zeros(1, 3, 2), torch.zeros(1, 3, 2), torch.tensor([[[True] * 2, [True] * 2, [False] * 2]]))
    masks = [SubsampleLoss(0.25)(batch, Draws(0, epoch, 0, 0)).mask for epoch in range(40)]
    assert all(mask.any() for mask in masks)
    assert not any(mask[:, 2].any() for mask in masks)
    assert {int(mask[..., 0].sum()) for mask in masks} == {1, 2}


def test_a_loss_over_part_of_the_frames_keeps_padding_masked() -> None:
    batch = Batch(torch.zeros(1, 6, 2), torch.zeros(1, 6, 2), torch.zeros(1, 6, 2, dtype=torch.bool))
    assert not SubsampleLoss(1.0)(batch, Draws(0, 0, 0, 0)).mask.any()
