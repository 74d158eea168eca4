"""Samples of sound, given as levels, as numbers that a network can reckon with."""

from typing import final

from torch import Tensor

from echoic.encoders.base import Encoder
from echoic.nn import LevelNoise


@final
class Levels(Encoder):
    """Levels `0..levels - 1` of the samples of a frame as numbers from -1 to 1; in training with noise on them.

    Of mu-law levels that is companded sound: soft sounds are seen as well as loud ones.
    """

    def __init__(self, features: int, levels: int, noise: float) -> None:
        super().__init__()
        self.output_size = features
        self.middle = (levels - 1) / 2
        self.noise = LevelNoise(levels, noise)

    def forward(self, x: Tensor) -> Tensor:
        levels: Tensor = self.noise(x)
        return levels / self.middle - 1
