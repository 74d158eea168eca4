"""The interface of every encoder."""

import abc
from typing import ClassVar

from jaxtyping import Float, Integer
from torch import Tensor, nn


class Encoder(nn.Module, abc.ABC):
    """Maps input vectors to inputs of the lowest recurrent layer."""

    output_size: int

    is_stepwise: ClassVar[bool] = False
    """Whether each network step is encoded from one input vector alone, so that sequences can come step by step."""

    @abc.abstractmethod
    def forward(self, x: Float[Tensor, "batch steps features"]) -> Float[Tensor, "batch out_steps outputs"]:
        """Network steps for input vectors; strictly causal."""

    def output_lengths(self, steps: Integer[Tensor, "batch"]) -> Integer[Tensor, "batch"]:
        """The number of network steps for `steps` input vectors of each row."""
        return steps
