"""What every readout can do."""

import abc
from typing import Protocol

from torch import Tensor, nn

from echoic.tensors import State


class Layers(Protocol):
    """What a readout may ask of the recurrent layers that it reads."""

    input_size: int
    output_size: int

    def project(self, x: Tensor) -> Tensor:
        """The input's share of the lowest layer's gates."""

    def branch(self, projected: Tensor, state: State) -> Tensor:
        """One step in several directions from the same state."""


class Readout(nn.Module, abc.ABC):
    """Chooses or makes the hidden vectors that the head turns into predictions."""

    output_size: int
    """Width of each vector."""

    @abc.abstractmethod
    def forward(
        self,
        encoded: Tensor,
        hidden: Tensor,
        state: State,
        layers: Layers,
        ids: Tensor | None,
        ahead: Tensor | None,
    ) -> Tensor:
        """`(batch, vectors, output_size)` from the layers' output `(batch, steps, hidden)` and their last state.

        `encoded` `(batch, steps, width)` is what the lowest layer read. `layers` is lent, for readouts that let
        them step on; `ids` and `ahead` are those of the `Batch`.
        """
