"""A whole clip seen as a picture, for networks without memory."""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from echoic.encoders.base import Encoder
from echoic.errors import ShapeError

_FILTERS, _KERNEL, _WIDTH = 32, 5, 128
_CONVOLUTIONS, _POOLED = 4, 3


@final
class ConvNet(Encoder):
    """One vector of 128 for a clip of exactly `steps` steps: the convnet that a classifier of spectra is held against.

    Four convolutions of 32 filters, 5 by 5, each rectified, the first three followed by the largest of 2 by 2; then a
    dense layer, rectified. It hears nothing before it has heard all, so it is none of `ENCODERS`.
    """

    def __init__(self, features: int, steps: int) -> None:
        super().__init__()
        smallest = 2**_POOLED
        if min(features, steps) < smallest:
            raise ShapeError(f"A picture must have {smallest} steps and values at least, got {steps} of {features}.")
        self.steps = steps
        self.convolutions = nn.ModuleList(
            nn.Conv2d(_FILTERS if number else 1, _FILTERS, _KERNEL, padding=_KERNEL // 2)
            for number in range(_CONVOLUTIONS)
        )
        self.dense = nn.Linear(_FILTERS * (steps // smallest) * (features // smallest), _WIDTH)
        self.output_size = _WIDTH

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, steps, features)` to `(batch, 1, 128)`.

        Raises:
            ShapeError: clips of another length.
        """
        if x.shape[1] != self.steps:
            raise ShapeError(f"This network takes clips of {self.steps} steps, got {x.shape[1]}.")
        x = x[:, None]
        for number, convolution in enumerate(self.convolutions):
            x = torch.relu(convolution(x))
            if number < _POOLED:
                x = functional.max_pool2d(x, 2)
        return torch.relu(self.dense(x.flatten(1)))[:, None]

    def output_lengths(self, steps: Tensor) -> Tensor:
        return torch.ones_like(steps)
