"""Training steps with the layers of torch, or of a package with the same interface."""

import contextlib
from importlib import import_module

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from peers import weights
from peers.workloads import Training


class Trainer:
    """A layer of the module `package`, a linear head and fused Adam; without `onednn`, torch's native loops.

    With `bf16`, layers and head run under torch's autocast.
    """

    def __init__(
        self, workload: Training, *, package: str = "torch.nn", onednn: bool = True, bf16: bool = False
    ) -> None:
        self._workload = workload
        self._bf16 = bf16
        self._onednn = onednn
        network = weights.of(workload)
        inner = getattr(import_module(package), workload.cell)
        self._layers = inner(
            workload.inputs,
            workload.hidden,
            workload.layers,
            batch_first=True,
            bidirectional=workload.bidirectional,
        )
        self._head = torch.nn.Linear(workload.hidden * workload.directions, workload.outputs)
        arrays = [array for layer in network.layers for one in layer for array in one]
        parameters = [*self._layers.parameters(), *self._head.parameters()]
        with torch.no_grad():
            for parameter, array in zip(parameters, [*arrays, network.w_out, network.b_out], strict=True):
                parameter.copy_(torch.from_numpy(array))
        self._optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
        inputs, self._targets = (torch.from_numpy(array) for array in workload.draw())
        self._inputs: Tensor | PackedSequence = inputs
        if workload.packed:
            self._inputs, packed = (
                pack_padded_sequence(rows, torch.from_numpy(workload.lengths), batch_first=True, enforce_sorted=False)
                for rows in (inputs, self._targets)
            )
            self._targets = packed.data

    def losses(self, steps: int) -> list[float]:
        """The loss before each step."""
        with self._settings():
            return [self._step().item() for _ in range(steps)]

    def run(self, steps: int) -> None:
        """Runs steps."""
        with self._settings():
            for _ in range(steps):
                self._step()

    def _settings(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self._onednn else torch.backends.mkldnn.flags(enabled=False)

    def _step(self) -> Tensor:
        self._optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self._bf16):
            output, state = self._layers(self._inputs)
            if self._workload.readout == "last":
                hidden = state[0][-1] if isinstance(state, tuple) else state[-1]
            else:
                hidden = output.data if self._workload.packed else output
            scores = self._head(hidden)
        loss = (cross_entropy if self._workload.classes else mse_loss)(scores.float(), self._targets)
        torch.autograd.backward(loss)
        self._optimizer.step()
        return loss
