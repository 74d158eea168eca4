"""Numbers of symbols as vectors."""

from typing import final

import torch
from torch import Tensor, nn

from echoic.encoders.base import Encoder


@final
class Embedding(Encoder):
    """A learned vector for each of `classes` symbols; inputs `(batch, steps, 1)` are their numbers.

    Start values: normal with this `deviation`.
    """

    def __init__(self, classes: int, width: int, deviation: float = 1.0) -> None:
        super().__init__()
        self.output_size = width
        self.weight = nn.Parameter(deviation * torch.randn(classes, width))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.embedding(x[..., 0].long(), self.weight)


@final
class OneHot(Encoder):
    """A one at the place of the symbol, zeros elsewhere; inputs `(batch, steps, 1)` are numbers below `classes`."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.output_size = classes

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.one_hot(x[..., 0].long(), self.output_size).to(x.dtype)
