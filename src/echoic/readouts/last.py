"""One prediction after the last step."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from echoic.readouts.base import Readout, ReadoutInputs


@final
class Last(Readout):
    """The last valid hidden vector, and `num_covariates` future covariates of each of `horizon` steps."""

    def __init__(self, hidden_size: int, horizon: int = 1, num_covariates: int = 0) -> None:
        super().__init__()
        self.output_size = hidden_size + horizon * num_covariates

    def forward(self, inputs: ReadoutInputs) -> Float[Tensor, "batch 1 outputs"]:
        last = inputs.hidden[:, -1:]
        if inputs.lengths is not None:
            last = inputs.hidden[torch.arange(len(inputs.hidden)), inputs.lengths - 1][:, None]
        return (
            last
            if inputs.future_covariates is None
            else torch.cat([last, inputs.future_covariates.flatten(1)[:, None]], -1)
        )
