"""Symbols in the loop of the step kernels: vectors of symbols, recurrent layers, logits and draws in one call."""

from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic import ops
from echoic.encoders import Embedding, OneHot
from echoic.heads import Categorical
from echoic.heads.sampling import SymbolSampler, draw_uniforms
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.streams.kernel import steps_per_call
from echoic.streams.rows import step_layers
from echoic.types import Floats

_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


@final
class SymbolLoop:
    """Generates symbols from logits and states, which it leaves unchanged. Weights are copied when it is made.

    Args:
        model: a network with a vector for each symbol and a categorical head over the hidden vectors.
        layers: its recurrent layers.
        sampler: without `top_k`, `top_p` and `prob_floor`.
    """

    def __init__(self, model: SequenceModel, layers: list[ops.LayerWeights], sampler: SymbolSampler) -> None:
        self._temperature = sampler.sampling.temperature
        self._never = sampler.never
        linear = model.head.linear
        # Logits of a class that is never drawn are minus infinity.
        bias = linear.bias.detach().clone()
        if sampler.never is not None:
            bias[sampler.never] = -torch.inf
        self._table = _table(model)
        self._network = ops.live_network(layers, (linear.weight, bias), storage="float32", threads=1)
        self._num_weights = sum(weight.numel() for weight in model.parameters())

    @classmethod
    def of(cls, model: SequenceModel, sample: Any) -> Self | None:
        """The loop of a model and a sampler; None if the step kernels do not support them."""
        is_supported = (
            isinstance(sample, SymbolSampler)
            and sample.is_plain
            and isinstance(model.encoder, Embedding | OneHot)
            and isinstance(model.readout, PerStep)
            and isinstance(model.head, Categorical)
            and model.head.outputs_per_step == 1
        )
        layers = step_layers(model.stack) if is_supported else None
        return None if layers is None else cls(model, layers, sample)

    def run(
        self, steps: int, params: Tensor, recurrent: Tensor, values: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The next symbols `(rows, steps, 1)`, and the logits and the state after all of them.

        Args:
            steps: number of symbols per row.
            params: logits `(rows, 1, 1, classes)` of the newest step.
            recurrent: the state `(rows, state_size)` that belongs to them.
            values: symbols `(rows, 1, 1)` that are to be read before; None for none.
            generator: the source of randomness, used as by the sampler.
        """
        logits = np.array(params[:, 0, 0].numpy(), np.float32)
        states = np.array(recurrent.numpy(), np.float32)
        if values is not None:
            self._network.step(self._table[values[:, 0, 0].long().numpy()], states, logits, None)
        elif self._never is not None:
            logits[:, self._never] = -np.inf
        drawn = np.empty((steps, len(logits), 1), np.float32)
        each = steps_per_call(self._num_weights, len(logits))
        for first in range(0, steps, each):
            part = drawn[first : first + each]
            uniforms = draw_uniforms((*part.shape[:2], 1), generator).numpy().astype(np.float32)
            noise = np.minimum(uniforms, _BELOW_ONE)  # rounding makes ones
            temperature = self._temperature
            self._network.loop(states, logits, None, part, "categorical", temperature, 0.0, noise, self._table)
        found = torch.from_numpy(drawn).transpose(0, 1).contiguous()
        return found, torch.from_numpy(logits)[:, None, None], torch.from_numpy(states)


def _table(model: SequenceModel) -> Floats:
    """The input vector of each symbol."""
    encoder = model.encoder
    if isinstance(encoder, Embedding):
        return np.ascontiguousarray(encoder.weight.detach().numpy())
    return np.eye(encoder.output_size, dtype=np.float32)
