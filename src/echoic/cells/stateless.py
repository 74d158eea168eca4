"""Stacks that carry no state from one call to the next."""

import abc

import torch
from jaxtyping import Float
from torch import Tensor, nn

from echoic import ops
from echoic.errors import ShapeError
from echoic.tensors import State


class StatelessStack(nn.Module, abc.ABC):
    """A stack whose state is empty; it cannot run step by step."""

    state_size = 0
    is_stateful = False

    def initial_state(self, batch: int) -> State:
        """The empty state."""
        return ()

    def pack(self, state: State) -> Float[Tensor, "batch state"]:
        """An empty matrix; without a state there are no rows to count."""
        return torch.zeros(0, 0)

    def unpack(self, matrix: Float[Tensor, "batch state"]) -> State:
        """The empty state.

        Raises:
            ShapeError: the matrix is not empty.
        """
        if matrix.numel():
            raise ShapeError(f"These layers have no state, got a matrix {tuple(matrix.shape)}.")
        return ()

    def live_layers(self) -> list[ops.LayerWeights] | None:
        """None: there is no state to step."""
        return None
