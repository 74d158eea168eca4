"""Augmentation of padded sequences."""

from typing import Any

import pytest
import torch

from echoic.config.spectrum import AugmentSettings
from echoic.labelled.augment import Augment
from echoic.labelled.batches import clip_batches

AUGMENTS: dict[str, Any] = {
    "noise": {"noise_std": 0.5},
    "gain": {"max_gain_db": 6},
    "shift": {"max_shift_steps": 5},
    "time masks": {"n_time_masks": 2},
    "band masks": {"n_freq_masks": 2, "freq_mask_param": 3},
}


@pytest.mark.parametrize("kind", AUGMENTS)
def test_augmentation_differs_each_epoch_and_keeps_padding(kind: Any) -> None:
    torch.manual_seed(0)
    steps = [torch.randn(length, 6) + 5 for length in (30, 12, 25, 7)]
    targets = torch.arange(4)[:, None]
    augment = Augment(AugmentSettings(**AUGMENTS[kind]), torch.full((6,), 0.1))
    plain, changed = (clip_batches(steps, targets, 2, shuffle=True, transforms=used) for used in ([], [augment]))
    for epoch in range(2):
        for before, after in zip(plain.epoch(0, epoch), changed.epoch(0, epoch), strict=True):
            assert not torch.equal(before.inputs, after.inputs)
            assert torch.equal(before.targets, after.targets)
            assert after.lengths is not None
            assert before.lengths is not None
            assert (after.lengths <= before.lengths).all()
            assert (after.lengths >= 1).all()
            padding = torch.arange(before.inputs.shape[1]) >= after.lengths[:, None]
            assert (after.inputs[padding] == 0).all()
            if kind.endswith("masks"):
                hidden = (after.inputs == 0) & ~padding[..., None]
                assert 0 < hidden.float().mean() <= 0.9
                assert torch.equal(after.inputs[~hidden], before.inputs[~hidden])
            if kind == "gain":
                moved = (after.inputs - before.inputs)[~padding]
                assert moved.abs().max() <= 0.6 + 1e-5
    first, again, skipped = list(changed.epoch(3, 0)), list(changed.epoch(3, 0)), list(changed.epoch(3, 0, 1))
    assert all(torch.equal(one.inputs, other.inputs) for one, other in zip(first, again, strict=True))
    assert torch.equal(skipped[0].inputs, first[1].inputs)
