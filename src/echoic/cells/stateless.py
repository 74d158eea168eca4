"""What stands in the place of recurrent layers and remembers nothing from one call to the next."""

import abc

import torch
from torch import Tensor, nn

from echoic import ops
from echoic.errors import ShapeError
from echoic.tensors import State


class StatelessStack(nn.Module, abc.ABC):
    """The state is empty; there is no going step by step."""

    state_size = 0

    def initial_state(self, batch: int) -> State:
        """Nothing."""
        return ()

    def pack(self, state: State) -> Tensor:
        """An empty matrix: rows are not counted, as there is nothing to tell apart."""
        return torch.zeros(0, 0)

    def unpack(self, matrix: Tensor) -> State:
        """Nothing.

        Raises:
            ShapeError: the matrix is not empty.
        """
        if matrix.numel():
            raise ShapeError(f"These layers have no state, got {tuple(matrix.shape)}.")
        return ()

    def live_layers(self) -> list[ops.LayerWeights] | None:
        """None: there is nothing to step."""
        return None
