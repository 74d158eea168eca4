"""A prediction at every step."""

from typing import final

from torch import Tensor

from echoic.readouts.base import Layers, Readout
from echoic.tensors import State


@final
class Every(Readout):
    """Hands every hidden vector to the head."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.output_size = hidden_size

    def forward(
        self,
        encoded: Tensor,
        hidden: Tensor,
        state: State,
        layers: Layers,
        ids: Tensor | None,
        ahead: Tensor | None,
    ) -> Tensor:
        return hidden
