"""A prediction at every step."""

from typing import final

from jaxtyping import Float
from torch import Tensor

from echoic.readouts.base import Readout, ReadoutInputs


@final
class PerStep(Readout):
    """Passes every hidden vector to the head."""

    is_stepwise = True

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.output_size = hidden_size

    def forward(self, inputs: ReadoutInputs) -> Float[Tensor, "batch steps hidden"]:
        return inputs.hidden
