"""A convolutional network over whole clips, without recurrent layers."""

from typing import final

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn
from torch.nn import functional

from echoic.encoders.base import Encoder
from echoic.errors import ShapeError

_FILTERS, _KERNEL, _WIDTH = 32, 5, 128
_CONVOLUTIONS, _POOLED = 4, 3


@final
class ConvNet(Encoder):
    """A vector of 128 values for a clip of exactly `steps` steps; a reference for recurrent classifiers of spectra.

    Four convolutions with 32 filters of 5 by 5 and ReLU, the first three followed by max pooling over 2 by 2, then a
    dense layer with ReLU. It is not causal, so it is not in `ENCODERS`.
    """

    def __init__(self, features: int, steps: int) -> None:
        super().__init__()
        smallest = 2**_POOLED
        if min(features, steps) < smallest:
            raise ShapeError(
                f"A convnet requires clips of at least {smallest} steps and values, got {steps} steps of {features}."
            )
        self.steps = steps
        self.convolutions = nn.ModuleList(
            nn.Conv2d(_FILTERS if number else 1, _FILTERS, _KERNEL, padding=_KERNEL // 2)
            for number in range(_CONVOLUTIONS)
        )
        self.dense = nn.Linear(_FILTERS * (steps // smallest) * (features // smallest), _WIDTH)
        self.output_size = _WIDTH

    def forward(self, x: Float[Tensor, "batch steps features"]) -> Float[Tensor, "batch 1 outputs"]:
        """One vector per clip.

        Raises:
            ShapeError: the clips have another length.
        """
        if x.shape[1] != self.steps:
            raise ShapeError(f"This convnet requires clips of {self.steps} steps, got {x.shape[1]}.")
        x = x[:, None]
        for number, convolution in enumerate(self.convolutions):
            x = torch.relu(convolution(x))
            if number < _POOLED:
                x = functional.max_pool2d(x, 2)
        return torch.relu(self.dense(x.flatten(1)))[:, None]

    def output_lengths(self, steps: Integer[Tensor, "batch"]) -> Integer[Tensor, "batch"]:
        return torch.ones_like(steps)
