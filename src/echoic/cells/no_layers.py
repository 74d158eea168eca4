"""No recurrent layers, where others have some."""

from typing import final

import torch
from torch import Tensor, nn

from echoic import ops
from echoic.cells.base import Cell
from echoic.errors import ShapeError
from echoic.nn import Dropout
from echoic.tensors import State


@final
class NoLayers(nn.Module):
    """What is read is handed on, with dropout; nothing is remembered. For baselines."""

    state_size = 0

    def __init__(self, input_size: int, dropout: float) -> None:
        super().__init__()
        self.input_size = self.output_size = input_size
        self.dropout = Dropout(dropout)

    @property
    def layers(self) -> list[Cell]:
        """None."""
        return []

    def initial_state(self, batch: int) -> State:
        """Nothing."""
        return ()

    def pack(self, state: State) -> Tensor:
        """An empty matrix."""
        return torch.zeros(0, 0)

    def unpack(self, matrix: Tensor) -> State:
        """Nothing.

        Raises:
            ShapeError: the matrix is not empty.
        """
        if matrix.numel():
            raise ShapeError(f"A network without layers has no state, got {tuple(matrix.shape)}.")
        return ()

    def forward(self, x: Tensor, state: State, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """`x` `(batch, steps, input_size)` as it is."""
        return self.dropout(x), state

    def live_layers(self) -> list[ops.LayerWeights] | None:
        """None: there is nothing to step."""
        return None
