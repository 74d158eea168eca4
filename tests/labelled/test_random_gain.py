"""Random gain: each clip of a batch has its own, within the range asked for, in both directions."""

import torch

from echoic.config.spectrum import AugmentSettings
from echoic.jobs.classify.batches import ClipBatches
from echoic.labelled.augment import Augmented

CLIPS = 64


def test_each_clip_of_a_batch_has_a_gain_of_its_own():
    steps = [torch.zeros(9, 2) for _ in range(CLIPS)]
    plain = ClipBatches(steps, torch.zeros(CLIPS, 1), CLIPS, 1, shuffle=True)
    changed = Augmented(plain, AugmentSettings(max_gain_db=6), torch.tensor([0.1, 0.5]))
    (batch,) = changed.epoch(0, 0)
    gains_db = batch.inputs[:, 0, 0] / 0.1
    assert len(gains_db.unique()) == CLIPS
    assert gains_db.abs().max() <= 6
    assert gains_db.min() < -4 < 4 < gains_db.max()
    torch.testing.assert_close(batch.inputs, (gains_db[:, None] * torch.tensor([0.1, 0.5]))[:, None].expand(-1, 9, -1))
