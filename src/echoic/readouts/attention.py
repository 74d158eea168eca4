"""One prediction from all steps, weighted by attention."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from echoic import ops
from echoic.readouts.base import Readout, ReadoutInputs
from echoic.readouts.mean import valid_mask, weighted_mean


@final
class Attention(Readout):
    """The mean of the valid hidden vectors, weighted by learned scores (Bahdanau 2015, without a query)."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.output_size = hidden_size
        self.inner = nn.Linear(hidden_size, hidden_size)
        self.score = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, inputs: ReadoutInputs) -> Float[Tensor, "batch 1 hidden"]:
        scores = self.scores(inputs.hidden).float().masked_fill(~valid_mask(inputs), -torch.inf)
        return ops.in_float32(weighted_mean, scores.softmax(1), inputs.hidden)

    def scores(self, hidden: Float[Tensor, "*steps hidden"]) -> Float[Tensor, "*steps"]:
        """The score of each hidden vector; weights are their softmax over time."""
        found: Tensor = self.score(torch.tanh(self.inner(hidden)))[..., 0]
        return found
