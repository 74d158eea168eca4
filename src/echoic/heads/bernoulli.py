"""Independent on-off features."""

from typing import final

import torch
from jaxtyping import Bool
from torch import Tensor
from torch.nn import functional

from echoic.heads.base import Params, SymbolHead, Values
from echoic.heads.sampling import DEFAULT_SAMPLING, Sampling


@final
class Bernoulli(SymbolHead):
    """An independent probability for each of `features`, `outputs_per_step` times per vector; targets are 0 or 1.

    The loss is the binary cross-entropy of all features, whether they are on or off.
    """

    def __init__(self, width: int, features: int, outputs_per_step: int = 1) -> None:
        super().__init__(width, features, outputs_per_step, 1)

    def loss(self, params: Params, target: Values) -> Values:
        return functional.binary_cross_entropy_with_logits(params[..., 0], target, reduction="none")

    def correct(self, params: Params, target: Values) -> Bool[Tensor, "batch steps 1"]:
        """Mask of the steps whose whole set is correct."""
        return (self.mode(params) == target).all(-1, keepdim=True)

    def mode(self, params: Params) -> Values:
        return (params[..., 0] > 0).to(params.dtype)

    def sample(self, params: Params, generator: torch.Generator, sampling: Sampling = DEFAULT_SAMPLING) -> Values:
        """Temperature divides the log-odds; `top_k` and `top_p` are for classes and ignored here."""
        if sampling.temperature == 0:
            return self.mode(params)
        prob = torch.sigmoid(params[..., 0] / sampling.temperature)
        uniforms = torch.rand(prob.shape, generator=generator, dtype=torch.float32)
        return (uniforms.to(prob) < prob).to(params.dtype)
