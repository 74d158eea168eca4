"""The interface of every readout."""

import abc
from typing import ClassVar, NamedTuple, Protocol

from torch import Tensor, nn

from echoic.tensors import State


class Layers(Protocol):
    """Operations of the recurrent layers that readouts use."""

    input_size: int
    output_size: int

    def project(self, x: Tensor) -> Tensor:
        """The input's contribution to the gates of the lowest layer."""

    def parallel_step(self, projected: Tensor, state: State) -> Tensor:
        """One step for several inputs from the same state."""


class ReadoutInputs(NamedTuple):
    """Inputs of a readout.

    `encoded` `(batch, steps, width)`: input of the lowest layer. `hidden` `(batch, steps, hidden)`: output of the last
    layer. `state`: after the last step. `layers`: for readouts that run further steps; None where that is impossible.
    `ids` and `future_covariates`: of the `Batch`. `lengths` `(batch,)`: number of valid hidden vectors of each row;
    None: all.
    """

    encoded: Tensor
    hidden: Tensor
    state: State
    layers: Layers | None
    ids: Tensor | None = None
    future_covariates: Tensor | None = None
    lengths: Tensor | None = None


class Readout(nn.Module, abc.ABC):
    """Selects or computes the vectors that the head turns into predictions."""

    output_size: int
    """Width of each vector."""

    is_stepwise: ClassVar[bool] = False
    """Whether there is one vector per step, made of its `encoded` and `hidden` vectors alone."""

    @abc.abstractmethod
    def forward(self, inputs: ReadoutInputs) -> Tensor:
        """Inputs of the head, `(batch, vectors, output_size)`."""
