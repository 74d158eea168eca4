"""Generates symbols in one kernel call: their vectors, recurrent layers, logits and draws."""

from itertools import accumulate
from typing import Self, final

import numpy as np
import torch
from torch import Tensor

from echoic import ops
from echoic.encoders import Embedding, OneHot
from echoic.heads import Categorical
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.streams.kernel import steps_per_call
from echoic.streams.loop import check_logits, states_of, uniforms
from echoic.streams.rows import step_layers
from echoic.types import Floats


@final
class SymbolLoop:
    """Generates symbols; a `Loop`. Weights are copied when it is made.

    Args:
        model: a network with a vector for each symbol and a categorical head over the hidden vectors.
        layers: its recurrent layers.
        never: a class that is never drawn; None for none.
    """

    def __init__(self, model: SequenceModel, layers: list[ops.LayerWeights], never: int | None) -> None:
        self._never = never
        weight, self._bias = (one.detach().clone() for one in (model.head.linear.weight, model.head.linear.bias))
        # Logits of a class that is never drawn are minus infinity.
        masked = self._bias.clone()
        if never is not None:
            masked[never] = -torch.inf
        self._weight = weight.numpy()
        self._table = _table(model)
        self._network = ops.live_network(layers, (weight, masked), storage="float32", threads=1)
        self._num_weights = sum(one.numel() for one in model.parameters())
        *_, before, end = 0, *accumulate(one.w_rec.shape[1] * (2 if one.cell == "lstm" else 1) for one in layers)
        self._top = slice(before, before + layers[-1].w_rec.shape[1])
        self._state_size = end

    @classmethod
    def of(cls, model: SequenceModel, never: int | None) -> Self | None:
        """The loop of a model; None if the step kernels do not support it."""
        encoder, head = model.encoder, model.head
        # Of exact types, as the methods of a subclass would not be called.
        is_supported = (
            type(encoder) in {Embedding, OneHot}
            and type(model.readout) is PerStep
            and type(head) is Categorical
            and head.outputs_per_step == 1
            and len(_table(model)) == head.parameters_per_value
        )
        layers = step_layers(model.stack) if is_supported else None
        return None if layers is None else cls(model, layers, never)

    def run(
        self,
        steps: int,
        params: Tensor,
        recurrent: Tensor,
        values: Tensor | None,
        temperature: float,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The next symbols `(rows, steps, 1)`; see `Loop`."""
        states = states_of(params, recurrent, self._state_size)
        logits = np.array(params[:, 0, 0].numpy(), np.float32)
        if values is not None:
            self._network.step(self._table[values[:, 0, 0].long().numpy()], states, logits, None)
        elif self._never is not None:
            logits[:, self._never] = -np.inf
        check_logits(logits)
        drawn = np.empty((steps, len(logits), 1), np.float32)
        each = steps_per_call(self._num_weights, len(logits))
        for first in range(0, steps, each):
            part = drawn[first : first + each]
            noise = uniforms((*part.shape[:2], 1), generator)
            self._network.loop(states, logits, None, part, "categorical", temperature, 0.0, noise, self._table)
            check_logits(logits)
        if self._never is not None:
            logits[:, self._never] = states[:, self._top] @ self._weight[self._never] + float(self._bias[self._never])
        found = torch.from_numpy(drawn).transpose(0, 1).contiguous()
        return found, torch.from_numpy(logits)[:, None, None], torch.from_numpy(states)


def _table(model: SequenceModel) -> Floats:
    """The input vector of each symbol."""
    encoder = model.encoder
    if isinstance(encoder, Embedding):
        return np.array(encoder.weight.detach().cpu().numpy(), np.float32)
    return np.eye(encoder.output_size, dtype=np.float32)
