"""A prediction at every step from the hidden vector and the encoded input."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from echoic.readouts.base import Readout, ReadoutInputs


@final
class ConcatInput(Readout):
    """Concatenates every hidden vector with the encoded input of its step (`input_size` values).

    So the current step reaches the head without passing the layers and their dropout.
    """

    is_stepwise = True

    def __init__(self, hidden_size: int, input_size: int) -> None:
        super().__init__()
        self.output_size = hidden_size + input_size

    def forward(self, inputs: ReadoutInputs) -> Float[Tensor, "batch steps outputs"]:
        return torch.cat([inputs.hidden, inputs.encoded], -1)
