"""Live steps with echoic's kernels, called through `echoic.ops`, so that a network without a run is enough.

This is the only file of the benchmark that calls the live API.
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
    """One network. Its states are the rows of a matrix, initially zero."""

    def __init__(self, network: Any, sizes: Sequence[int], inputs: int, outputs: int) -> None:
        self.inputs = inputs
        self.network = network
        self.outputs = outputs
        self._state_size = 2 * sum(sizes)
        self._state = self.states(1)
        self._fed = np.zeros((1, outputs), np.float32)

    @classmethod
    def build(cls, layers: Sequence[int], inputs: int, outputs: int, storage: str, threads: int) -> Self:
        """Builds the network of `peers.weights` with weights stored as float32, float16, bfloat16 or int8."""
        if ops.kernel() == "off":
            raise AbsentError("no compiled kernel is in use")
        network = weights.draw(layers, inputs, outputs)
        packed = [
            ops.LayerWeights(
                "lstm", *(torch.from_numpy(array) for array in (one.w_in, one.w_rec, one.b_in + one.b_rec))
            )
            for (one,) in network.layers
        ]
        out = torch.from_numpy(network.w_out), torch.from_numpy(network.b_out)
        return cls(ops.live_network(packed, out, storage=storage, threads=threads), layers, inputs, outputs)

    def states(self, streams: int) -> Floats:
        """Initial states `(streams, state_size)`."""
        return np.zeros((streams, self._state_size), np.float32)

    def step(self, x: Floats) -> Floats:
        """One step of a single stream."""
        out = np.empty((1, self.outputs), np.float32)
        self.network.step(x, self._state, out, None)
        return out

    def step_many(self, x: Floats, states: Floats, rows: NDArray[np.int64] | None) -> Floats:
        """One step of the streams `rows` (default: the first ones), whose states are updated in place."""
        out = np.empty((len(x), self.outputs), np.float32)
        self.network.step(x, states, out, rows)
        return out

    def closed_loop(self, n: int) -> Floats:
        """Values fed back `(n, 1, outputs)`; the first is zero or the last output of the previous call."""
        values = np.empty((n, 1, self.outputs), np.float32)
        self.network.loop(self._state, self._fed, None, values, "point", 0.0, 0.0, None, None)
        return values


@final
class EchoicBound(Stepper):
    """The network of `EchoicLive`, bound to arrays of its own."""

    def __init__(self, live: EchoicLive) -> None:
        self.inputs = live.inputs
        self._x, self._out = np.zeros((1, live.inputs), np.float32), np.zeros((1, live.outputs), np.float32)
        self._step_once = live.network.bind(self._x, live.states(1), self._out)

    def step(self, x: Floats) -> Floats:
        """One step; the next one replaces the outputs."""
        if self.inputs == 1:
            self._step_once(x.item())
        else:
            self._x[:] = x
            self._step_once()
        return self._out
