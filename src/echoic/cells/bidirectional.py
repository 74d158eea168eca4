"""Bidirectional layers, for whole sequences only."""

import itertools
from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from echoic.cells.base import Cell
from echoic.cells.stateless import StatelessStack
from echoic.config import StackSettings
from echoic.nn import Dropout
from echoic.tensors import State


@final
class Bidirectional(StatelessStack):
    """Layers of two cells, one of which runs backwards; a layer concatenates their outputs (Schuster 1997).

    A layer of size `hidden` has `hidden` units per direction. There is no state to carry between calls.
    """

    def __init__(self, cell_types: Mapping[str, type[Cell]], input_size: int, settings: StackSettings) -> None:
        super().__init__()
        sizes = [input_size, *(2 * size for size in settings.layers)]
        cell_type = cell_types[settings.cell]
        self.input_size = input_size
        self.output_size = sizes[-1]
        self.forward_cells, self.backward_cells = (
            nn.ModuleList(cell_type.build(in_size, size // 2, settings) for in_size, size in itertools.pairwise(sizes))
            for _ in range(2)
        )
        self.input_dropout = Dropout(settings.input_dropout, locked=settings.variational_dropout)
        self.dropout = Dropout(settings.dropout, locked=settings.variational_dropout)
        self.weight_dropout = Dropout(settings.weight_dropout, of_weights=True)

    @property
    def layers(self) -> list[Cell]:
        """The forward cells, lowest first."""
        return _cells(self.forward_cells)

    def forward(
        self, x: Float[Tensor, "batch steps inputs"], state: State, lengths: Integer[Tensor, "batch"] | None = None
    ) -> tuple[Float[Tensor, "batch steps outputs"], State]:
        """Hidden vectors of the last layer; backward cells start at step `lengths - 1` of each row."""
        x = self.input_dropout(x)
        reversed_steps = _reversed_steps(x, lengths)
        for forward_cell, backward_cell in zip(self.layers, _cells(self.backward_cells), strict=True):
            forward_hidden = self._run(forward_cell, x)
            backward_hidden = self._run(backward_cell, x.gather(1, reversed_steps.expand_as(x)))
            x = self.dropout(
                torch.cat([forward_hidden, backward_hidden.gather(1, reversed_steps.expand_as(backward_hidden))], -1)
            )
        return x, state

    def _run(self, cell: Cell, x: Tensor) -> Tensor:
        return cell.run(x, cell.initial_state(len(x)), self.weight_dropout)[0]


def _cells(modules: nn.ModuleList) -> list[Cell]:
    return [cell for cell in modules if isinstance(cell, Cell)]


def _reversed_steps(x: Tensor, lengths: Tensor | None) -> Tensor:
    """The index of the step that replaces each step when rows are reversed, `(batch, steps, 1)`; padding stays."""
    steps = torch.arange(x.shape[1], device=x.device).expand(len(x), -1)
    ends = torch.full_like(steps[:, :1], x.shape[1]) if lengths is None else lengths[:, None]
    return torch.where(steps < ends, ends - 1 - steps, steps)[..., None]
