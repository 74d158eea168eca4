"""The encoder that does nothing: the lowest layer's own weights are linear already."""

from typing import final

from torch import Tensor

from echoic.encoders.base import Encoder


@final
class Identity(Encoder):
    """Hands the features on as they are."""

    is_stepwise = True

    def __init__(self, features: int) -> None:
        super().__init__()
        self.output_size = features

    def forward(self, x: Tensor) -> Tensor:
        return x
