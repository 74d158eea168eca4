"""What every readout can do."""

import abc
from typing import ClassVar, NamedTuple, Protocol

from torch import Tensor, nn

from echoic.tensors import State


class Layers(Protocol):
    """What a readout may ask of the recurrent layers that it reads."""

    input_size: int
    output_size: int

    def project(self, x: Tensor) -> Tensor:
        """The input's share of the lowest layer's gates."""

    def parallel_step(self, projected: Tensor, state: State) -> Tensor:
        """One step in several directions from the same state."""


class ReadoutInputs(NamedTuple):
    """What a readout may look at.

    `encoded` `(batch, steps, width)` is what the lowest layer read, `hidden` `(batch, steps, hidden)` what the last one
    gave, `state` the state after the last step. `layers` are lent, for readouts that let them step on (None: they
    cannot); `ids` and `future_covariates` are those of the `Batch`. Of each row the first `lengths` `(batch,)` hidden
    vectors are real; None: all.
    """

    encoded: Tensor
    hidden: Tensor
    state: State
    layers: Layers | None
    ids: Tensor | None = None
    future_covariates: Tensor | None = None
    lengths: Tensor | None = None


class Readout(nn.Module, abc.ABC):
    """Chooses or makes the hidden vectors that the head turns into predictions."""

    output_size: int
    """Width of each vector."""

    is_stepwise: ClassVar[bool] = False
    """Whether there is one vector per step, made of its `encoded` and `hidden` vectors alone."""

    @abc.abstractmethod
    def forward(self, inputs: ReadoutInputs) -> Tensor:
        """`(batch, vectors, output_size)` from what there is to see."""
