"""A prediction at every step that sees the step itself, too."""

from typing import final

import torch
from torch import Tensor

from echoic.readouts.base import Readout, ReadoutInputs


@final
class ConcatInput(Readout):
    """Every hidden vector beside what the lowest layer read at its step (`input_size` numbers).

    The step that was just heard reaches the head whole, past the layers and their dropout.
    """

    is_stepwise = True

    def __init__(self, hidden_size: int, input_size: int) -> None:
        super().__init__()
        self.output_size = hidden_size + input_size

    def forward(self, inputs: ReadoutInputs) -> Tensor:
        return torch.cat([inputs.hidden, inputs.encoded], -1)
