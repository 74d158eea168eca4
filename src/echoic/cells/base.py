"""The interface of every recurrent layer."""

import abc
from typing import Any, ClassVar, Self

import torch
from jaxtyping import Float
from torch import Tensor, nn

from echoic import ops
from echoic.config import StackSettings
from echoic.nn import Dropout

CellState = tuple[Float[Tensor, "batch hidden"], ...]
"""The vectors that a layer carries from step to step."""


class Cell(nn.Module, abc.ABC):
    """One recurrent layer without hidden state: the state goes in and comes out of every call.

    Weights: `w_in` `(num_gates * hidden, inputs)`, `w_rec` `(num_gates * hidden, hidden)` and one `bias`
    `(num_gates * hidden,)`. Weights start uniform within one over the root of `hidden_size`, as torch's do, drawn from
    torch's generator, and the bias at zero; a subclass may start them otherwise.

    A minimal gated recurrent unit (Feng 2024), whose gates depend on the input alone:

    >>> class MinGRU(Cell):
    ...     num_gates = 2
    ...     num_states = 1
    ...     has_recurrent_weights = False
    ...
    ...     def forward(self, x, state, w_rec=None):
    ...         z, candidate = self.project(x).chunk(2, -1)
    ...         (h,), y = state, []
    ...         for z_t, candidate_t in zip(z.sigmoid().unbind(1), candidate.unbind(1)):
    ...             h = torch.lerp(h, candidate_t, z_t)
    ...             y.append(h)
    ...         return torch.stack(y, 1), (h,)
    ...
    ...     def parallel_step(self, projected, state):
    ...         z, candidate = projected.chunk(2, -1)
    ...         return torch.lerp(state[0][:, None], candidate, z.sigmoid())
    >>> cell = MinGRU(3, 8)
    >>> y, state = cell(torch.zeros(2, 5, 3), cell.initial_state(2))
    >>> y.shape, sorted(name for name, _ in cell.named_parameters())
    (torch.Size([2, 5, 8]), ['bias', 'w_in'])
    """

    num_gates: ClassVar[int]
    """Blocks of `hidden_size` rows in the weights and the bias."""

    num_states: ClassVar[int]
    """Vectors of `hidden_size` in the state."""

    has_recurrent_weights: ClassVar[bool] = True
    """Whether the cell has `w_rec`; otherwise it takes no weight dropout."""

    has_forget_gate: ClassVar[bool] = False
    """Whether the constructor takes `forget_bias`, the initial bias of a forget gate."""

    live_kernel: ClassVar[str | None] = None
    """Name of the kernel that computes what this very class does, if there is one; subclasses do not inherit it."""

    w_rec: nn.Parameter

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        rows = self.num_gates * hidden_size
        self.w_in = _uniform(rows, input_size, hidden_size)
        if self.has_recurrent_weights:
            self.w_rec = _uniform(rows, hidden_size, hidden_size)
        self.bias = nn.Parameter(torch.zeros(rows))

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        # The methods of a subclass of LSTM would not be called.
        if "live_kernel" not in vars(cls):
            cls.live_kernel = None

    @classmethod
    def build(cls, input_size: int, hidden_size: int, settings: StackSettings) -> Self:
        """A new cell with the settings that it has a use for."""
        options = {"forget_bias": settings.forget_bias} if cls.has_forget_gate else {}
        return cls(input_size, hidden_size, **options)

    def initial_state(self, batch: int) -> CellState:
        """The zero state of `batch` rows: `num_states` tensors."""
        return tuple(self.w_in.new_zeros(batch, self.hidden_size) for _ in range(self.num_states))

    @abc.abstractmethod
    def forward(
        self,
        x: Float[Tensor, "batch steps inputs"],
        state: CellState,
        w_rec: Float[Tensor, "gates hidden"] | None = None,
    ) -> tuple[Float[Tensor, "batch steps hidden"], CellState]:
        """Hidden vectors for `x`, and the state after the last step.

        `w_rec` replaces the cell's own recurrent weights, for weight dropout; cells without recurrent weights never
        get it.
        """

    def project(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch gates"]:
        """The input's contribution to the gates: `num_gates` blocks of `hidden_size` values."""
        return ops.as_weights(nn.functional.linear(x, self.w_in, self.bias), self.w_in)

    @abc.abstractmethod
    def parallel_step(
        self, projected: Float[Tensor, "#batch branches gates"], state: CellState
    ) -> Float[Tensor, "batch branches hidden"]:
        """One step for several inputs from the same state, with one recurrent product for all.

        `projected` comes from `project`, for all rows or for each.
        """

    def run(
        self, x: Float[Tensor, "batch steps inputs"], state: CellState, weight_dropout: Dropout
    ) -> tuple[Float[Tensor, "batch steps hidden"], CellState]:
        """`forward` with dropout on the recurrent weights, if the cell has some."""
        result: tuple[Tensor, CellState]
        result = self(x, state, weight_dropout(self.w_rec)) if self.has_recurrent_weights else self(x, state)
        return result


def _uniform(rows: int, columns: int, hidden_size: int) -> nn.Parameter:
    weights = nn.Parameter(torch.empty(rows, columns))
    nn.init.uniform_(weights, -(hidden_size**-0.5), hidden_size**-0.5)
    return weights
