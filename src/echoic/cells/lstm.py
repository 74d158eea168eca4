"""The long short-term memory layer."""

from typing import final

from jaxtyping import Float
from torch import Tensor, nn

from echoic import ops
from echoic.cells.base import Cell, CellState


@final
class LSTM(Cell):
    """Hochreiter and Schmidhuber 1997, with forget gates (Gers 1999). State: `(h, c)`.

    Initialization: Glorot uniform for the input weights, orthogonal for the recurrent weights of each gate (Saxe 2014),
    and `forget_bias` for the bias of the forget gate; 1 helps an untrained network to remember (Jozefowicz 2015).
    """

    num_gates = 4
    num_states = 2
    has_forget_gate = True
    live_kernel = "lstm"

    def __init__(self, input_size: int, hidden_size: int, forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        # On the noisy sine of benchmarks/o0.py the error above the noise is half of that with uniform weights.
        for gate in self.w_in.data.chunk(self.num_gates):
            nn.init.xavier_uniform_(gate)
        for gate in self.w_rec.data.chunk(self.num_gates):
            nn.init.orthogonal_(gate)
        nn.init.constant_(self.bias.data[hidden_size : 2 * hidden_size], forget_bias)

    def forward(
        self,
        x: Float[Tensor, "batch steps inputs"],
        state: CellState,
        w_rec: Float[Tensor, "gates hidden"] | None = None,
    ) -> tuple[Float[Tensor, "batch steps hidden"], CellState]:
        w_rec = self.w_rec if w_rec is None else w_rec
        h, c = state
        y, h, c = ops.lstm(x, h, c, self.w_in, w_rec, self.bias)
        return y, (h, c)

    def parallel_step(
        self, projected: Float[Tensor, "#batch branches gates"], state: CellState
    ) -> Float[Tensor, "batch branches hidden"]:
        h, c = state
        h, _ = ops.lstm_update(projected, ops.as_weights(h @ self.w_rec.T, h)[:, None], c[:, None])
        return h
