"""How loud frames are, in steps of 3 dB."""

import pytest
import torch

from echoic.sound import NUM_LOUDNESS_LEVELS, loudness_power, quantize_loudness


def test_loudness_is_quantized_in_steps_of_3_db() -> None:
    levels_db = torch.tensor([-120.0, -84.0, -82.6, -82.4, -40.0, -1.4, 0.0, 6.0])
    sound = (10 ** (levels_db / 20))[:, None].expand(-1, 4)
    assert quantize_loudness(sound).tolist() == [0, 0, 0, 1, 15, 28, 28, 28]


def test_loudness_power_inverts_quantize_loudness() -> None:
    every = torch.arange(NUM_LOUDNESS_LEVELS)
    assert torch.equal(quantize_loudness(loudness_power(every).sqrt()[:, None].expand(-1, 7)), every)
    assert 10 * torch.log10(loudness_power(torch.tensor(26))) == pytest.approx(-6.0, abs=1e-4)
