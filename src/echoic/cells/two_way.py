"""Layers that hear a sequence from both ends: for whole sequences, never live."""

import itertools
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor, nn

from echoic.cells.base import Cell
from echoic.cells.stateless import Stateless
from echoic.config import StackSettings
from echoic.nn import Dropout
from echoic.tensors import State


@final
class TwoWay(Stateless):
    """Layers of two cells, one of which reads backwards; each layer gives both their vectors (Schuster 1997).

    A layer of `hidden` units has so many each way. There is no state to carry: a sequence is heard whole.
    """

    def __init__(self, kinds: Mapping[str, type[Cell]], input_size: int, settings: StackSettings) -> None:
        super().__init__()
        sizes = [input_size, *(2 * size for size in settings.layers)]
        kind = kinds[settings.cell]
        self.input_size = input_size
        self.output_size = sizes[-1]
        self.forwards, self.backwards = (
            nn.ModuleList(
                kind(below, size // 2, settings.forget_bias)  # type: ignore[call-arg]
                for below, size in itertools.pairwise(sizes)
            )
            for _ in range(2)
        )
        self.input_dropout = Dropout(settings.input_dropout, locked=settings.variational)
        self.dropout = Dropout(settings.dropout, locked=settings.variational)
        self.weight_dropout = Dropout(settings.weight_dropout)

    @property
    def layers(self) -> list[Cell]:
        """The cells that read forwards, lowest first."""
        return _cells(self.forwards)

    def forward(self, x: Tensor, state: State, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Hidden vectors `(batch, steps, output_size)`; of each row the first `lengths` steps are read backwards."""
        x = self.input_dropout(x)
        backwards = _backwards(x, lengths)
        for ahead, back in zip(self.layers, _cells(self.backwards), strict=True):
            first = self._heard(ahead, x)
            last = self._heard(back, x.gather(1, backwards.expand_as(x)))
            x = self.dropout(torch.cat([first, last.gather(1, backwards.expand_as(last))], -1))
        return x, state

    def _heard(self, cell: Cell, x: Tensor) -> Tensor:
        hidden: Tensor = cell(x, cell.initial_state(len(x)), self.weight_dropout(cell.w_rec))[0]
        return hidden


def _cells(modules: nn.ModuleList) -> list[Cell]:
    return [cell for cell in modules if isinstance(cell, Cell)]


def _backwards(x: Tensor, lengths: Tensor | None) -> Tensor:
    """For each step the one that is read in its place, `(batch, steps, 1)`; steps that are not real stay."""
    steps = torch.arange(x.shape[1], device=x.device).expand(len(x), -1)
    ends = torch.full_like(steps[:, :1], x.shape[1]) if lengths is None else lengths[:, None]
    return torch.where(steps < ends, ends - 1 - steps, steps)[..., None]
