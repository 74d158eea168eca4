"""Read a sequence, then continue it: autoregressive networks with the state as a value."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.errors import ConfigError
from echoic.model import SequenceModel
from echoic.streams.alike import alike, stacked
from echoic.streams.generation import GenerationState, GenerationStream, Predictor
from echoic.types import Floats

_PASS_STEPS = 1024
"""Steps per pass; bounds the memory."""

Sample = Callable[[Tensor, torch.Generator], Tensor]
"""Draws values `(rows, 1, features)` from head parameters."""


class RowPredictor(Predictor, Protocol):
    """Head parameters of sequences that come chunk by chunk, as by a `NetworkStream`."""

    def start(self, rows: int = 1) -> Tensor:
        """The state before the first step of `rows` sequences."""
        ...

    def push(self, chunk: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Head parameters after each of the inputs `(rows, steps, width)`, and the state."""
        ...


class StepState(NamedTuple):
    """A sequence between two steps.

    Attributes:
        params: head parameters `(features, parameters)` of the next step.
        recurrent: the state of the network.
        random: the state of the random generator.
        num_steps: number of steps so far; without any, `params` say nothing.
    """

    params: Floats
    recurrent: Floats
    random: NDArray[np.uint8]
    num_steps: int


@final
class AutoregressiveStream:
    """Steps a network over known values, of many sequences at once, and lets it continue any state.

    Args:
        model: a network with one output per step.
        predictor: the source of head parameters.
        width: number of values per step.
    """

    def __init__(self, model: SequenceModel, predictor: RowPredictor, width: int) -> None:
        self.model = model
        self._predictor = predictor
        self._width = width

    @torch.no_grad()
    def start(self, seed: int) -> StepState:
        """The state before the first step, with a generator of random numbers."""
        recurrent = self._predictor.start(1)
        params, _ = self._predictor.push(torch.zeros(1, 1, self._width), recurrent)
        return StepState(np.zeros_like(params[0, 0].numpy()), _row(recurrent), _seeded(seed), 0)

    @staticmethod
    def reseeded(state: StepState, seed: int) -> StepState:
        """The same state with other random numbers to come."""
        return state._replace(random=_seeded(seed))

    @torch.no_grad()
    def listen_many(
        self, inputs: Sequence[Floats], states: Sequence[StepState]
    ) -> tuple[list[Tensor], list[StepState]]:
        """Head parameters `(steps, features, parameters)` after each of the `inputs` `(steps, width)`, and the states.

        Sequences with as many steps are stepped together.
        """
        found, after = [torch.empty(0, *state.params.shape) for state in states], list(states)
        for steps, rows in alike(map(len, inputs)).items():
            if not steps:
                continue
            params, recurrent = self._pushed(
                torch.from_numpy(stacked([inputs[row] for row in rows])),
                torch.from_numpy(stacked([states[row].recurrent for row in rows])),
            )
            for place, row in enumerate(rows):
                found[row] = params[place]
                after[row] = StepState(
                    params[place, -1].numpy().copy(),
                    recurrent[place].numpy().copy(),
                    states[row].random,
                    states[row].num_steps + steps,
                )
        return found, after

    @torch.no_grad()
    def generate(self, steps: int, state: StepState, sample: Sample) -> tuple[Floats, StepState]:
        """The next values `(steps, features)`, each the input of the step after it, and the state after them.

        Raises:
            ConfigError: there is no known step before, or `steps` is not a positive integer.
        """
        if not state.num_steps:
            raise ConfigError("There is nothing to continue; push at least one step first.")
        stream = GenerationStream(self.model, sample, predictor=self._predictor)
        before = GenerationState(
            torch.from_numpy(state.params)[None, None],
            torch.from_numpy(state.recurrent)[None],
            None,
            torch.from_numpy(state.random),
            0,
        )
        values, after = stream.push(steps, before)
        params, recurrent = after.params, after.recurrent
        if after.values is not None:
            params, recurrent = self._predictor.step(after.values, recurrent)
        end = StepState(
            params[0, 0].numpy().copy(), _row(recurrent), after.generator.numpy().copy(), state.num_steps + steps
        )
        return values[0].numpy(), end

    def _pushed(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        parts = []
        for chunk in torch.split(inputs, _PASS_STEPS, 1):
            params, state = self._predictor.push(chunk, state)
            parts.append(params)
        return torch.cat(parts, 1), state


def _seeded(seed: int) -> NDArray[np.uint8]:
    return np.array(torch.Generator().manual_seed(seed).get_state().numpy())


def _row(state: Tensor) -> Floats:
    return np.array(state[0].numpy())
