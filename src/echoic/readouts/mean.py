"""One prediction from the mean of all steps."""

from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from echoic import ops
from echoic.readouts.base import Readout, ReadoutInputs


def valid_mask(inputs: ReadoutInputs) -> Bool[Tensor, "batch steps"]:
    """Mask of the valid hidden vectors."""
    steps = torch.arange(inputs.hidden.shape[1], device=inputs.hidden.device)
    if inputs.lengths is None:
        return torch.ones_like(steps, dtype=torch.bool).expand(len(inputs.hidden), -1)
    return steps < inputs.lengths[:, None]


def weighted_mean(
    weights: Float[Tensor, "batch steps"], hidden: Float[Tensor, "batch steps hidden"]
) -> Float[Tensor, "batch 1 hidden"]:
    """The mean of hidden vectors, with weights that add up to 1."""
    return torch.einsum("bt,bth->bh", weights, hidden)[:, None]


@final
class Mean(Readout):
    """The mean of the valid hidden vectors."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.output_size = hidden_size

    def forward(self, inputs: ReadoutInputs) -> Float[Tensor, "batch 1 hidden"]:
        weights = valid_mask(inputs).to(inputs.hidden)
        return ops.in_float32(weighted_mean, weights / weights.sum(1, keepdim=True), inputs.hidden)
