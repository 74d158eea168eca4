"""The gated recurrent unit."""

from typing import final

from jaxtyping import Float
from torch import Tensor

from echoic import ops
from echoic.cells.base import Cell, CellState


@final
class GRU(Cell):
    """Cho 2014 in torch's variant: the reset gate scales the recurrent product. State: `(h,)`."""

    num_gates = 3
    num_states = 1
    live_kernel = "gru"

    def forward(
        self,
        x: Float[Tensor, "batch steps inputs"],
        state: CellState,
        w_rec: Float[Tensor, "gates hidden"] | None = None,
    ) -> tuple[Float[Tensor, "batch steps hidden"], CellState]:
        w_rec = self.w_rec if w_rec is None else w_rec
        y, h = ops.gru(x, state[0], self.w_in, w_rec, self.bias)
        return y, (h,)

    def parallel_step(
        self, projected: Float[Tensor, "#batch branches gates"], state: CellState
    ) -> Float[Tensor, "batch branches hidden"]:
        (h,) = state
        return ops.gru_update(projected, ops.as_weights(h @ self.w_rec.T, h)[:, None], h[:, None])
