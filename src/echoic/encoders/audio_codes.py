"""Samples of sound, given as levels, as numbers that a network can reckon with."""

from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from echoic.encoders.base import Encoder
from echoic.sound import NUM_LOUDNESS_LEVELS, CodeNoise, expand, quantize_loudness


@final
class AudioCodes(Encoder):
    """Levels `0..num_codes - 1` of the samples of a frame as numbers from -1 to 1; in training with noise on them.

    Of mu-law levels that is companded sound: soft sounds are seen as well as loud ones. Before the numbers stands how
    loud the frame is, one of a few: layers that add up samples would have to learn to square them first. It is that of
    the frame without the noise, which would turn all silence into soft sound, and true silence into something new.
    """

    is_stepwise = True

    def __init__(self, features: int, num_codes: int, noise: float) -> None:
        super().__init__()
        self.output_size = NUM_LOUDNESS_LEVELS + features
        self.num_codes = num_codes
        self.midpoint = (num_codes - 1) / 2
        self.noise = CodeNoise(num_codes, noise)

    def forward(self, x: Tensor) -> Tensor:
        loudness = quantize_loudness(expand(x / self.midpoint - 1, self.num_codes))
        scaled = self.noise(x) / self.midpoint - 1
        return torch.cat([functional.one_hot(loudness, NUM_LOUDNESS_LEVELS).to(scaled.dtype), scaled], -1)
