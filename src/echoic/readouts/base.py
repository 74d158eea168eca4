"""The interface of every readout."""

import abc
from typing import ClassVar, NamedTuple, Protocol

from jaxtyping import Float, Int
from torch import Tensor, nn

from echoic.tensors import State


class Layers(Protocol):
    """Operations of the recurrent layers that readouts use."""

    input_size: int
    output_size: int

    def project(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch gates"]:
        """The input's contribution to the gates of the lowest layer."""

    def parallel_step(
        self, projected: Float[Tensor, "#batch branches gates"], state: State
    ) -> Float[Tensor, "batch branches outputs"]:
        """One step for several inputs from the same state."""


class ReadoutInputs(NamedTuple):
    """Inputs of a readout.

    `encoded`: input of the lowest layer. `hidden`: output of the last layer. `state`: after the last step. `layers`:
    for readouts that run further steps; None where that is impossible. `ids` and `future_covariates`: of the `Batch`.
    `lengths`: number of valid hidden vectors of each row; None: all.
    """

    encoded: Float[Tensor, "batch steps inputs"]
    hidden: Float[Tensor, "batch steps hidden"]
    state: State
    layers: Layers | None
    ids: Int[Tensor, "batch"] | None = None
    future_covariates: Float[Tensor, "batch horizon covariates"] | None = None
    lengths: Int[Tensor, "batch"] | None = None


class Readout(nn.Module, abc.ABC):
    """Selects or computes the vectors that the head turns into predictions."""

    output_size: int
    """Width of each vector."""

    is_stepwise: ClassVar[bool] = False
    """Whether there is one vector per step, made of its `encoded` and `hidden` vectors alone."""

    @abc.abstractmethod
    def forward(self, inputs: ReadoutInputs) -> Float[Tensor, "batch vectors outputs"]:
        """Inputs of the head: vectors of `output_size` values."""
