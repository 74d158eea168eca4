"""Layers of cells, each with its own size, and their state as one value."""

import itertools
from collections.abc import Mapping
from typing import final

import torch
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

    With `weight_dropout` a share of each layer's recurrent weights is zeroed too, once a pass (Merity 2018).
    """

    def __init__(self, kinds: Mapping[str, type[Cell]], input_size: int, settings: StackSettings) -> None:
        super().__init__()
        sizes = [input_size, *settings.layers]
        self.input_size = input_size
        kind = kinds[settings.cell]
        self.cells = nn.ModuleList(
            kind(below, size, settings.forget_bias)  # type: ignore[call-arg]
            for below, size in itertools.pairwise(sizes)
        )
        self.input_dropout = Dropout(settings.input_dropout, locked=settings.variational)
        self.dropout = Dropout(settings.dropout, locked=settings.variational)
        self.weight_dropout = Dropout(settings.weight_dropout)
        self.output_size = sizes[-1]
        self.start = nn.Parameter(torch.zeros(self.state_size)) if settings.learn_initial_state else None

    @property
    def layers(self) -> list[Cell]:
        """The cells, lowest first."""
        return [cell for cell in self.cells if isinstance(cell, Cell)]

    @property
    def state_size(self) -> int:
        """How many numbers one row remembers."""
        return sum(cell.vectors * cell.hidden_size for cell in self.layers)

    def initial_state(self, batch: int) -> State:
        """The state before the first step of `batch` rows: zero, or as learned."""
        if self.start is not None:
            return self.unpack(self.start.expand(batch, -1))
        return tuple(cell.initial_state(batch) for cell in self.layers)

    def pack(self, state: State) -> Tensor:
        """The state as one matrix `(batch, state_size)`; `unpack` is the exact inverse."""
        return torch.cat([vector for layer in state for vector in layer], -1)

    def unpack(self, matrix: Tensor) -> State:
        """The state that `pack` made into `matrix` `(batch, state_size)`.

        Raises:
            ShapeError: the matrix is not two-dimensional or has another width.
        """
        if matrix.ndim != 2 or matrix.shape[1] != self.state_size:
            raise ShapeError(f"A state matrix must be (batch, {self.state_size}), got {tuple(matrix.shape)}.")
        widths = [cell.hidden_size for cell in self.layers for _ in range(cell.vectors)]
        vectors = iter(torch.split(matrix, widths, -1))
        return tuple(tuple(next(vectors) for _ in range(cell.vectors)) for cell in self.layers)

    def forward(self, x: Tensor, state: State, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Hidden vectors of the last layer `(batch, steps, output_size)` and the state after the last step.

        `lengths` change nothing: what is real never sees what comes after it.
        """
        after = []
        x = self.input_dropout(x)
        for cell, before in zip(self.layers, state, strict=True):
            x, layer_state = cell(x, before, self.weight_dropout(cell.w_rec))
            x = self.dropout(x)
            after.append(layer_state)
        return x, tuple(after)

    def live_layers(self) -> list[ops.LayerWeights] | None:
        """The layers as the step kernels take them; None if they lack a cell."""
        if any(cell.live is None for cell in self.layers):
            return None
        return [ops.LayerWeights(str(cell.live), cell.w_in, cell.w_rec, cell.bias) for cell in self.layers]

    def project(self, x: Tensor) -> Tensor:
        """The input's share of the lowest layer's gates, for `branch`."""
        return self.layers[0].project(x)

    def branch(self, projected: Tensor, state: State) -> Tensor:
        """One step in several directions from the same state.

        `projected` `(batch or 1, branches, ...)` comes from `project`; gives
        `(batch, branches, output_size)`.
        """
        hidden: Tensor = self.dropout(self.layers[0].branch(projected, state[0]))
        for cell, before in zip(self.layers[1:], state[1:], strict=True):
            hidden = self.dropout(cell.branch(cell.project(hidden), before))
        return hidden
