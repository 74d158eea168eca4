"""The interface of every encoder."""

import abc
from typing import ClassVar

from torch import Tensor, nn


class Encoder(nn.Module, abc.ABC):
    """Maps input vectors to inputs of the lowest recurrent layer."""

    output_size: int

    is_stepwise: ClassVar[bool] = False
    """Whether each network step is encoded from one input vector alone, so that sequences can come step by step."""

    @abc.abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """`(batch, steps, features)` to `(batch, network steps, output_size)`; strictly causal."""

    def output_lengths(self, steps: Tensor) -> Tensor:
        """The number of network steps for `steps` input vectors."""
        return steps
