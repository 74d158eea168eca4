"""The minimal gated recurrent unit."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from echoic import ops
from echoic.cells.base import Cell, CellState


@final
class MinGRU(Cell):
    """Feng 2024 (arXiv 2410.01201): a GRU whose gate and candidate depend on the input alone. State: `(h,)`.

    `h_t = (1 - z_t) * h_(t-1) + z_t * candidate_t`. Without recurrent products it trains in about 60 % of a GRU's time;
    a single layer is worse where the next step depends on the order of the previous ones, as in text.
    """

    num_gates = 2
    num_states = 1
    has_recurrent_weights = False

    def forward(
        self,
        x: Float[Tensor, "batch steps inputs"],
        state: CellState,
        w_rec: Float[Tensor, "gates hidden"] | None = None,
    ) -> tuple[Float[Tensor, "batch steps hidden"], CellState]:
        (h,) = state
        # Steps first in memory, so that the steps of the scan are contiguous.
        update, candidate = self.project(x.transpose(0, 1)).transpose(0, 1).chunk(2, -1)
        update = update.sigmoid()
        y = ops.linear_scan(1 - update, update * candidate, h)
        return y, (y[:, -1] if x.shape[1] else h,)

    def parallel_step(
        self, projected: Float[Tensor, "#batch branches gates"], state: CellState
    ) -> Float[Tensor, "batch branches hidden"]:
        update, candidate = projected.chunk(2, -1)
        return torch.lerp(state[0][:, None], candidate, update.sigmoid())
