"""Live steps with `torch.nn.LSTM`."""

import contextlib
from collections.abc import Iterator
from typing import final

import torch

from peers import weights
from peers.stepper import Stepper
from peers.workloads import Floats, Live


@final
class TorchStepper(Stepper):
    """Runs in inference mode; without `onednn`, with torch's native loops."""

    def __init__(self, workload: Live, *, onednn: bool = True) -> None:
        self.inputs = workload.inputs
        self._onednn = onednn
        network = weights.of(workload)
        self._layers = torch.nn.LSTM(workload.inputs, workload.hidden, workload.layers)
        self._head = torch.nn.Linear(workload.hidden, workload.outputs)
        arrays = [array for (layer,) in network.layers for array in layer]
        parameters = [*self._layers.parameters(), *self._head.parameters()]
        with torch.no_grad():
            for parameter, array in zip(parameters, [*arrays, network.w_out, network.b_out], strict=True):
                parameter.copy_(torch.from_numpy(array))
        zeros = torch.zeros(workload.layers, 1, workload.hidden)
        self._state = zeros, zeros

    @contextlib.contextmanager
    def settings(self) -> Iterator[None]:
        """Inference mode, and oneDNN disabled without `onednn`."""
        onednn = contextlib.nullcontext() if self._onednn else torch.backends.mkldnn.flags(enabled=False)
        with torch.inference_mode(), onednn:
            yield

    def step(self, x: Floats) -> Floats:
        """One step."""
        y, self._state = self._layers(torch.from_numpy(x)[None], self._state)
        out: Floats = self._head(y[0]).numpy()
        return out
