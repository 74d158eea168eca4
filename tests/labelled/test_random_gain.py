"""Random gain: each clip of a batch has its own, within the range asked for, in both directions."""

import torch

from echoic.config.spectrum import AugmentSettings
from echoic.labelled.augment import Augment
from echoic.labelled.batches import clip_batches

CLIPS = 64


def test_each_clip_of_a_batch_has_a_gain_of_its_own() -> None:
    per_db = torch.tensor([0.1, 0.5])
    augment = Augment(AugmentSettings(max_gain_db=6), per_db)
    clips = [torch.zeros(9, 2)] * CLIPS
    (batch,) = clip_batches(clips, torch.zeros(CLIPS, 1), CLIPS, shuffle=True, transforms=[augment]).epoch(0, 0)
    gains_db = batch.inputs[:, 0, 0] / 0.1
    assert len(gains_db.unique()) == CLIPS
    assert gains_db.abs().max() <= 6
    assert gains_db.min() < -4
    assert gains_db.max() > 4
    torch.testing.assert_close(batch.inputs, (gains_db[:, None] * per_db)[:, None].expand(-1, 9, -1))
