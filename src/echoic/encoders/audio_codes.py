"""Audio samples, given as codes, as inputs of a network."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from echoic.encoders.base import Encoder
from echoic.sound import NUM_LOUDNESS_LEVELS, CodeNoise, expand, quantize_loudness


@final
class AudioCodes(Encoder):
    """Codes `0..num_codes - 1` of the samples of a frame as values from -1 to 1, with noise in training.

    For mu-law codes these are companded samples, so soft sounds have as much resolution as loud ones. They follow a
    one-hot encoding of the frame's loudness, which linear layers could not compute from the samples. Loudness is
    measured without the noise, as noise would turn silence into soft sound in training only.
    """

    is_stepwise = True

    def __init__(self, features: int, num_codes: int, noise: float) -> None:
        super().__init__()
        self.output_size = NUM_LOUDNESS_LEVELS + features
        self.num_codes = num_codes
        self.midpoint = (num_codes - 1) / 2
        self.noise = CodeNoise(num_codes, noise)

    def forward(self, x: Float[Tensor, "batch steps features"]) -> Float[Tensor, "batch steps outputs"]:
        loudness = quantize_loudness(expand(x / self.midpoint - 1, self.num_codes))
        scaled = self.noise(x) / self.midpoint - 1
        return torch.cat([functional.one_hot(loudness, NUM_LOUDNESS_LEVELS).to(scaled.dtype), scaled], -1)
