"""Samples of sound, given as levels, as numbers that a network can reckon with."""

from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from echoic.encoders.base import Encoder
from echoic.sound import LOUDNESSES, LevelNoise, expanded, loudness_of


@final
class Levels(Encoder):
    """Levels `0..levels - 1` of the samples of a frame as numbers from -1 to 1; in training with noise on them.

    Of mu-law levels that is companded sound: soft sounds are seen as well as loud ones. Before the numbers stands how
    loud the frame is, one of a few: layers that add up samples would have to learn to square them first. It is that of
    the frame without the noise, which would turn all silence into soft sound, and true silence into something new.
    """

    def __init__(self, features: int, levels: int, noise: float) -> None:
        super().__init__()
        self.output_size = LOUDNESSES + features
        self.levels = levels
        self.middle = (levels - 1) / 2
        self.noise = LevelNoise(levels, noise)

    def forward(self, x: Tensor) -> Tensor:
        loudness = loudness_of(expanded(x / self.middle - 1, self.levels))
        numbers = self.noise(x) / self.middle - 1
        return torch.cat([functional.one_hot(loudness, LOUDNESSES).to(numbers.dtype), numbers], -1)
