"""Consecutive input vectors as one step of the network."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from echoic.encoders.base import Encoder


@final
class Segments(Encoder):
    """Maps every `stride` vectors to one by a linear layer and ReLU (SegRNN, Lin 2023, arXiv 2308.11200).

    A length that is not a multiple of `stride` is padded with zeros in front.
    """

    def __init__(self, features: int, stride: int, output_size: int) -> None:
        super().__init__()
        self.stride = stride
        self.output_size = output_size
        self.linear = nn.Linear(stride * features, output_size)

    def forward(self, x: Float[Tensor, "batch steps features"]) -> Float[Tensor, "batch out_steps outputs"]:
        missing = -x.shape[1] % self.stride
        if missing:
            x = nn.functional.pad(x, (0, 0, missing, 0))
        return torch.relu(self.linear(x.reshape(x.shape[0], x.shape[1] // self.stride, -1)))
