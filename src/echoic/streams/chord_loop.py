"""Generates music in one kernel call: recurrent layers, and the notes of each step drawn from what they predict."""

from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor, nn

from echoic import ops
from echoic.encoders import Identity
from echoic.errors import RunError
from echoic.heads import Bernoulli, Head, Joint
from echoic.model import SequenceModel
from echoic.readouts import ConcatInput, PerStep, Readout
from echoic.streams.kernel import steps_per_call
from echoic.streams.loop import check_logits, states_of, uniforms
from echoic.streams.rows import step_layers
from echoic.types import Floats

READOUTS: dict[type[Head], tuple[type[Readout], ...]] = {Joint: (PerStep, ConcatInput), Bernoulli: (PerStep,)}
"""Supported readouts of each supported head."""

MOST_DRAWS = 1 << 20
"""Most random numbers of one call."""


@final
class ChordLoop:
    """Generates steps of notes, 0 or 1 each, that are independent or drawn one after the other; a `Loop`.

    Weights are copied when it is made.

    Args:
        model: a network with the encoder `identity` and a Bernoulli or joint head.
        layers: its recurrent layers.
    """

    def __init__(self, model: SequenceModel, layers: list[ops.LayerWeights]) -> None:
        weight, bias = (one.detach().clone() for one in (model.head.linear.weight, model.head.linear.bias))
        hidden = model.stack.output_size
        self._network = ops.live_network(layers, (weight[:, :hidden], bias), storage="float32", threads=1)
        # What the readout passes besides the hidden vector is the chord before.
        self._from_input = weight[:, hidden:].T.numpy() if weight.shape[1] > hidden else None
        self._chords = _chord_head(model.head, self._from_input) if isinstance(model.head, Joint) else None
        self._num_weights = sum(one.numel() for one in model.parameters())
        self._state_size = model.state_size
        self._notes = model.encoder.output_size

    @classmethod
    def of(cls, model: SequenceModel) -> Self | None:
        """The loop of a model; None if the step kernels do not support it."""
        encoder, head = model.encoder, model.head
        # Of exact types, as the methods of a subclass would not be called.
        is_supported = (
            type(model.readout) in READOUTS.get(type(head), ())
            and type(encoder) is Identity
            and encoder.output_size == (head.notes if isinstance(head, Joint) else head.features)
            and type(head.linear) is nn.Linear
            and head.linear.bias is not None
        )
        layers = step_layers(model.stack) if is_supported else None
        return None if layers is None else cls(model, layers)

    def run(
        self,
        steps: int,
        params: Tensor,
        recurrent: Tensor,
        values: Tensor | None,
        temperature: float,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The next chords `(rows, steps, notes)`; see `Loop`."""
        states = states_of(params, recurrent, self._state_size)
        outputs = np.array(params.flatten(1).numpy(), np.float32)
        if values is not None:
            self._read(np.ascontiguousarray(values[:, 0].numpy(), np.float32), states, outputs)
        check_logits(outputs)
        chords = np.empty((steps, len(outputs), self._notes), np.float32)
        most = max(1, MOST_DRAWS // (len(outputs) * (self._notes + 1)))
        each = min(steps_per_call(self._num_weights, len(outputs)), most)
        draw = self._draw_independent if self._chords is None else self._draw_chords
        for first in range(0, steps, each):
            draw(chords[first : first + each], states, outputs, temperature, generator)
            check_logits(outputs)
        made = torch.from_numpy(chords).transpose(0, 1).contiguous()
        return made, torch.from_numpy(outputs).view(params.shape), torch.from_numpy(states)

    def _read(self, chords: Floats, states: Floats, outputs: Floats) -> None:
        self._network.step(chords, states, outputs, None)
        if self._from_input is not None:
            outputs += chords @ self._from_input

    def _draw_independent(
        self, part: Floats, states: Floats, outputs: Floats, temperature: float, generator: torch.Generator
    ) -> None:
        noise = torch.rand(part.shape, generator=generator, dtype=torch.float32).numpy() if temperature else None
        self._network.loop(states, outputs, None, part, "bernoulli", temperature, 0.0, noise, None)

    def _draw_chords(
        self, part: Floats, states: Floats, outputs: Floats, temperature: float, generator: torch.Generator
    ) -> None:
        # How many numbers the choices take is known afterwards: they come from a copy of the generator, which is
        # then advanced by as many.
        ahead = torch.Generator()
        ahead.set_state(generator.get_state())
        noise = uniforms((*part.shape[:2], part.shape[2] + 1), ahead) if temperature else None
        choices = self._network.loop(states, outputs, None, part, "chord", temperature, 0.0, noise, None, self._chords)
        uniforms((choices,), generator)


def _chord_head(head: Joint, from_input: Floats | None) -> Any:
    """The weights that choose notes; those below them show in logits, which are checked at every call."""
    if not all(one.isfinite().all() for one in head.parameters()):
        raise RunError("Weights of the network's head are infinite or not numbers; training has failed.")
    weights = ops.ChordWeights(
        None if from_input is None else torch.from_numpy(from_input),
        head.chosen.weight.T,
        head.last.weight,
        head.logits.weight,
        head.logits.bias,
    )
    return ops.chord_head(weights, head.per_pitch)
