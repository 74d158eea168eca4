"""Frames of codes as values, after their loudness."""

import torch

from echoic.encoders import AudioCodes
from echoic.sound import NUM_LOUDNESS_LEVELS, expand, quantize_loudness


def test_loudness_comes_before_the_samples() -> None:
    levels = torch.tensor([[[127.0, 128.0, 127.0], [0.0, 255.0, 0.0], [127.0, 200.0, 64.0]]])
    found = AudioCodes(3, 256, 0.0)(levels)
    assert torch.equal(found[..., NUM_LOUDNESS_LEVELS:], levels / 127.5 - 1)
    one_hot = found[..., :NUM_LOUDNESS_LEVELS]
    assert torch.equal(one_hot.sum(-1), torch.ones(1, 3))
    assert torch.equal(one_hot.argmax(-1), quantize_loudness(expand(levels / 127.5 - 1, 256)))
    assert one_hot.argmax(-1).tolist()[0][:2] == [1, 28]


def test_noise_is_added_in_training_only_and_does_not_change_loudness() -> None:
    torch.manual_seed(0)
    encoder, levels = AudioCodes(4, 256, 6.0), torch.full((50, 8, 4), 127.0)
    still = encoder.eval()(levels)
    noisy = encoder.train()(levels)
    assert torch.equal(still[..., NUM_LOUDNESS_LEVELS:], levels / 127.5 - 1)
    assert not torch.equal(noisy[..., NUM_LOUDNESS_LEVELS:], still[..., NUM_LOUDNESS_LEVELS:])
    assert torch.equal(noisy[..., :NUM_LOUDNESS_LEVELS], still[..., :NUM_LOUDNESS_LEVELS])
