"""Stacked cells, each with its own size, and their state as one value."""

import itertools
from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from echoic import ops
from echoic.cells.base import Cell
from echoic.config import StackSettings
from echoic.errors import ShapeError
from echoic.nn import Dropout
from echoic.tensors import State


@final
class Stack(nn.Module):
    """Recurrent layers one above the other, with dropout on the input and on the output of each layer.

    `weight_dropout` zeroes a fraction of each layer's recurrent weights as well, once per pass (Merity 2018).
    """

    is_stateful = True

    def __init__(self, cell_types: Mapping[str, type[Cell]], input_size: int, settings: StackSettings) -> None:
        super().__init__()
        sizes = [input_size, *settings.layers]
        self.input_size = input_size
        cell_type = cell_types[settings.cell]
        self.cells = nn.ModuleList(
            cell_type.build(in_size, size, settings) for in_size, size in itertools.pairwise(sizes)
        )
        self.input_dropout = Dropout(settings.input_dropout, locked=settings.variational_dropout)
        self.dropout = Dropout(settings.dropout, locked=settings.variational_dropout)
        self.weight_dropout = Dropout(settings.weight_dropout, of_weights=True)
        self.output_size = sizes[-1]
        self.learned_state = nn.Parameter(torch.zeros(self.state_size)) if settings.learn_initial_state else None

    @property
    def layers(self) -> list[Cell]:
        """The cells, lowest first."""
        return [cell for cell in self.cells if isinstance(cell, Cell)]

    @property
    def state_size(self) -> int:
        """Numbers in the state of one row."""
        return sum(cell.num_states * cell.hidden_size for cell in self.layers)

    def initial_state(self, batch: int) -> State:
        """The state before the first step of `batch` rows: zero, or learned."""
        if self.learned_state is not None:
            return self.unpack(self.learned_state.expand(batch, -1))
        return tuple(cell.initial_state(batch) for cell in self.layers)

    def pack(self, state: State) -> Float[Tensor, "batch state"]:
        """The state as one matrix of width `state_size`; `unpack` is the exact inverse."""
        return torch.cat([vector for layer in state for vector in layer], -1)

    def unpack(self, matrix: Float[Tensor, "batch state"]) -> State:
        """The state that `pack` made into `matrix`.

        Raises:
            ShapeError: the matrix is not two-dimensional or has another width.
        """
        if matrix.ndim != 2 or matrix.shape[1] != self.state_size:
            raise ShapeError(f"A state matrix must be (batch, {self.state_size}), got {tuple(matrix.shape)}.")
        widths = [cell.hidden_size for cell in self.layers for _ in range(cell.num_states)]
        vectors = iter(torch.split(matrix, widths, -1))
        return tuple(tuple(next(vectors) for _ in range(cell.num_states)) for cell in self.layers)

    def forward(
        self, x: Float[Tensor, "batch steps inputs"], state: State, lengths: Integer[Tensor, "batch"] | None = None
    ) -> tuple[Float[Tensor, "batch steps outputs"], State]:
        """Hidden vectors of the last layer and the state after the last step.

        `lengths` is ignored: the stack is causal, so padding cannot reach valid steps.
        """
        x = self.input_dropout(x)
        return self._in_one_call(x, state) or self._one_by_one(x, state)

    def _in_one_call(self, x: Tensor, state: State) -> tuple[Tensor, State] | None:
        """All layers in one call of the kernels; None where they cannot be, or are too large to gain by it."""
        kinds = {(cell.live_kernel, cell.hidden_size) for cell in self.layers}
        is_alike = len(kinds) == 1 < len(self.layers) and self.layers[0].live_kernel is not None
        if not is_alike or self.dropout.is_active or self.weight_dropout.is_active:
            return None
        weights: list[ops.StackWeights] = [(cell.w_in, cell.w_rec, cell.bias, None) for cell in self.layers]
        found = ops.stack(x, tuple(map(torch.stack, zip(*state, strict=True))), weights)
        if found is None:
            return None
        y, after = found
        return y, tuple(zip(*(vectors.unbind() for vectors in after), strict=True))

    def _one_by_one(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        after = []
        for cell, before in zip(self.layers, state, strict=True):
            x, layer_state = cell.run(x, before, self.weight_dropout)
            x = self.dropout(x)
            after.append(layer_state)
        return x, tuple(after)

    def live_layers(self) -> list[ops.LayerWeights] | None:
        """The weights for the step kernels; None if a cell has no kernel."""
        if any(cell.live_kernel is None for cell in self.layers):
            return None
        return [ops.LayerWeights(str(cell.live_kernel), cell.w_in, cell.w_rec, cell.bias) for cell in self.layers]

    def project(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch gates"]:
        """The input's contribution to the gates of the lowest layer, for `parallel_step`."""
        return self.layers[0].project(x)

    def parallel_step(
        self, projected: Float[Tensor, "#batch branches gates"], state: State
    ) -> Float[Tensor, "batch branches outputs"]:
        """One step for several inputs from the same state.

        `projected` comes from `project`, for all rows or for each.
        """
        hidden: Tensor = self.dropout(self.layers[0].parallel_step(projected, state[0]))
        for cell, before in zip(self.layers[1:], state[1:], strict=True):
            hidden = self.dropout(cell.parallel_step(cell.project(hidden), before))
        return hidden
