"""A stack without recurrent layers."""

from typing import final

from jaxtyping import Float, Integer
from torch import Tensor

from echoic.cells.base import Cell
from echoic.cells.stateless import StatelessStack
from echoic.nn import Dropout
from echoic.tensors import State


@final
class IdentityStack(StatelessStack):
    """Returns its input, with dropout. For baselines."""

    def __init__(self, input_size: int, dropout: float) -> None:
        super().__init__()
        self.input_size = self.output_size = input_size
        self.dropout = Dropout(dropout)

    @property
    def layers(self) -> list[Cell]:
        """Empty."""
        return []

    def forward(
        self, x: Float[Tensor, "batch steps inputs"], state: State, lengths: Integer[Tensor, "batch"] | None = None
    ) -> tuple[Float[Tensor, "batch steps inputs"], State]:
        """`x` as it is."""
        return self.dropout(x), state
