"""What every recurrent layer can do."""

import abc

import torch
from torch import Tensor, nn


class Cell(nn.Module, abc.ABC):
    """One recurrent layer. It never keeps state: state goes in and comes out of every call.

    Weights: `w_in` `(num_gates * hidden, inputs)`, `w_rec` `(num_gates * hidden, hidden)`, one `bias` `(num_gates *
    hidden,)`. Start values: uniform within one over the root of `hidden_size`, as torch's own layers have them, and
    zero bias; they are drawn from torch's generator. A cell may have better ones of its own.
    """

    num_gates: int
    num_states: int
    """How many vectors of `hidden_size` the state has."""

    live_kernel: str | None = None
    """What the step kernels call this cell, if they have it."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.w_in = nn.Parameter(torch.empty(self.num_gates * hidden_size, input_size))
        self.w_rec = nn.Parameter(torch.empty(self.num_gates * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(self.num_gates * hidden_size))
        for weights in (self.w_in, self.w_rec):
            nn.init.uniform_(weights, -(hidden_size**-0.5), hidden_size**-0.5)

    def initial_state(self, batch: int) -> tuple[Tensor, ...]:
        """The zero state of `batch` rows: `num_states` tensors `(batch, hidden_size)`."""
        return tuple(self.bias.new_zeros(batch, self.hidden_size) for _ in range(self.num_states))

    @abc.abstractmethod
    def forward(
        self, x: Tensor, state: tuple[Tensor, ...], w_rec: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Hidden vectors `(batch, steps, hidden)` for `x` `(batch, steps, inputs)`, and the state afterwards.

        `w_rec` stands in for the cell's own recurrent weights: some of them dropped, say.
        """

    def project(self, x: Tensor) -> Tensor:
        """The input's share of the gates, `(..., num_gates * hidden)` for `x` `(..., inputs)`."""
        return nn.functional.linear(x, self.w_in, self.bias)

    @abc.abstractmethod
    def parallel_step(self, projected: Tensor, state: tuple[Tensor, ...]) -> Tensor:
        """One step in several directions from the same state, the recurrent product made once.

        `projected` `(batch or 1, branches, num_gates * hidden)` comes from `project`; gives `(batch, branches,
        hidden)`.
        """
