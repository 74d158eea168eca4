"""No encoder: the lowest layer has input weights of its own."""

from typing import final

from jaxtyping import Float
from torch import Tensor

from echoic.encoders.base import Encoder


@final
class Identity(Encoder):
    """Returns the features unchanged."""

    is_stepwise = True

    def __init__(self, features: int) -> None:
        super().__init__()
        self.output_size = features

    def forward(self, x: Float[Tensor, "batch steps features"]) -> Float[Tensor, "batch steps features"]:
        return x
