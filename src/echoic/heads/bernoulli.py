"""Each feature on or off, on its own."""

from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from echoic.heads.base import SymbolHead
from echoic.heads.sampling import Sampling


@final
class Bernoulli(SymbolHead):
    """An independent probability for each of `features`; targets `(batch, steps, features)` are 0 or 1.

    The loss has both halves: what sounds and what is silent.
    """

    def __init__(self, width: int, features: int) -> None:
        super().__init__(width, features, 1, 1)

    def loss(self, params: Tensor, target: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(params[..., 0], target, reduction="none")

    def right(self, params: Tensor, target: Tensor) -> Tensor:
        """Which samples have the whole set right, `(batch, samples, 1)`."""
        return (self.likeliest(params) == target).all(-1, keepdim=True)

    def likeliest(self, params: Tensor) -> Tensor:
        return (params[..., 0] > 0).to(params.dtype)

    def draw(self, params: Tensor, generator: torch.Generator, sampling: Sampling) -> Tensor:
        """Temperature divides the log-odds; `top_k` and `top_p` are for classes and change nothing here."""
        if sampling.temperature == 0:
            return self.likeliest(params)
        chance = torch.sigmoid(params[..., 0] / sampling.temperature)
        return (torch.rand(chance.shape, generator=generator).to(chance) < chance).to(params.dtype)
