"""Symbols as vectors."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from echoic.encoders.base import Encoder


@final
class Embedding(Encoder):
    """A learned vector for each of `num_classes` symbols; inputs are class indices.

    Initialization: normal with standard deviation `std`.
    """

    is_stepwise = True

    def __init__(self, num_classes: int, embedding_dim: int, std: float = 1.0) -> None:
        super().__init__()
        self.output_size = embedding_dim
        self.weight = nn.Parameter(nn.init.normal_(torch.empty(num_classes, embedding_dim), std=std))

    def forward(self, x: Float[Tensor, "batch steps 1"]) -> Float[Tensor, "batch steps outputs"]:
        return nn.functional.embedding(x[..., 0].long(), self.weight)


@final
class OneHot(Encoder):
    """One-hot vectors; inputs are class indices below `num_classes`."""

    is_stepwise = True

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.output_size = num_classes

    def forward(self, x: Float[Tensor, "batch steps 1"]) -> Float[Tensor, "batch steps outputs"]:
        return nn.functional.one_hot(x[..., 0].long(), self.output_size).to(x.dtype)
