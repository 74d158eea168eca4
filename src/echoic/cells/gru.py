"""The gated recurrent unit."""

from typing import final

from torch import Tensor

from echoic import ops
from echoic.cells.base import Cell


@final
class GRU(Cell):
    """Cho 2014 in torch's variant: the reset gate scales the recurrent product. State: `(h,)`."""

    num_gates = 3
    num_states = 1
    live_kernel = "gru"

    def forward(
        self, x: Tensor, state: tuple[Tensor, ...], w_rec: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        w_rec = self.w_rec if w_rec is None else w_rec
        y, h = ops.gru(x, state[0], self.w_in, w_rec, self.bias)
        return y, (h,)

    def parallel_step(self, projected: Tensor, state: tuple[Tensor, ...]) -> Tensor:
        (h,) = state
        return ops.gru_update(projected, (h @ self.w_rec.T)[:, None], h[:, None])
