"""Live steps with echoic's step kernels, through the seam `echoic.ops` so that a bare network will do.

ADAPTER: the only file of this benchmark that calls the live API. Where that changes, change these four short methods.
"""

from collections.abc import Sequence
from typing import Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic import ops
from peers import weights
from peers.stepper import AbsentError, Stepper
from peers.workloads import Floats


@final
class EchoicLive(Stepper):
    """One network; its states are the rows of a matrix, zero at first."""

    def __init__(self, network: Any, sizes: Sequence[int], inputs: int, outputs: int) -> None:
        self.inputs = inputs
        self._network = network
        self._outputs = outputs
        self._state_size = 2 * sum(sizes)
        self._state = self.states(1)
        self._fed = np.zeros((1, outputs), np.float32)

    @classmethod
    def build(cls, layers: Sequence[int], inputs: int, outputs: int, storage: str, threads: int) -> Self:
        """The network of `peers.weights`, its weights kept as float32, float16 or int8."""
        if ops.kernel() == "off":
            raise AbsentError("no kernel in use")
        drawn = weights.draw(layers, inputs, outputs)
        packed = [
            ops.LayerWeights(
                "lstm", *(torch.from_numpy(array) for array in (one.w_in, one.w_rec, one.b_in + one.b_rec))
            )
            for (one,) in drawn.layers
        ]
        out = torch.from_numpy(drawn.w_out), torch.from_numpy(drawn.b_out)
        return cls(ops.live_network(packed, out, storage=storage, threads=threads), layers, inputs, outputs)

    def states(self, streams: int) -> Floats:
        """States before the first step, a row each."""
        return np.zeros((streams, self._state_size), np.float32)

    def step(self, x: Floats) -> Floats:
        """One step of the one stream."""
        out = np.empty((1, self._outputs), np.float32)
        self._network.step(x, self._state, out, None)
        return out

    def step_many(self, x: Floats, states: Floats, rows: NDArray[np.int64] | None) -> Floats:
        """One step of the streams `rows`, whose states are replaced; by default of the first ones."""
        out = np.empty((len(x), self._outputs), np.float32)
        self._network.step(x, states, out, rows)
        return out

    def closed_loop(self, n: int) -> Floats:
        """The values fed back `(n, 1, outputs)`, the first being zero or what the call before left."""
        values = np.empty((n, 1, self._outputs), np.float32)
        self._network.loop(self._state, self._fed, None, values, "point", 0.0, 0.0, None, None)
        return values
