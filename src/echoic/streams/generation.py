"""A network that feeds on its own output, from any state, in constant time and memory per step."""

from collections.abc import Callable
from typing import NamedTuple, Self, cast, final

import torch
from torch import Tensor

from echoic.errors import ConfigError
from echoic.heads import Sampling, SymbolHead
from echoic.model import SequenceModel
from echoic.streams.network import NetworkStream


class GenerationState(NamedTuple):
    """A sequence between two generated steps.

    Attributes:
        params: head parameters of the newest step `(rows, 1, features, parameters)`.
        recurrent: the network's state when it predicted them `(rows, state_size)`.
        values: sampled from `params` and not yet read by the network; None if none have been sampled.
        generator: the state of the random generator.
        num_steps: number of steps generated since the start.
    """

    params: Tensor
    recurrent: Tensor
    values: Tensor | None
    generator: Tensor
    num_steps: int


def feed_back(values: Tensor, step: int) -> Tensor:
    """Values `(rows, 1, features)` as the next input, unchanged."""
    del step
    return values[:, 0]


@final
class GenerationStream:
    """Number of steps in, generated values out; each value is the next input of the network.

    Going on from a state, in this process or another, gives the bits of an uninterrupted run with the same kernel and
    number of threads.

    Args:
        model: a network with one output per step.
        sample: from head parameters and a generator to values `(rows, 1, features)`.
        next_input: from the values of a step and its number to the next input `(rows, width)`.

    Raises:
        ConfigError: as for `NetworkStream`.
    """

    def __init__(
        self,
        model: SequenceModel,
        sample: Callable[[Tensor, torch.Generator], Tensor],
        next_input: Callable[[Tensor, int], Tensor] = feed_back,
    ) -> None:
        self.model = model
        self.sample = sample
        self.next_input = next_input
        self._network = NetworkStream(model)

    @classmethod
    def of_symbols(cls, model: SequenceModel, sampling: Sampling) -> Self:
        """A stream of symbols from a model whose head predicts symbols."""
        return cls(model, cast("SymbolHead", model.head).sampler(sampling))

    @torch.no_grad()
    def start(self, known: Tensor, seed: int = 0, copies: int = 1) -> GenerationState:
        """The state after the inputs `known` `(rows, steps, width)`, of which there is at least one step.

        With `copies`, each row is continued that many times, in the order rows, rows, ...
        """
        params, state = self._network.prime(known)
        if copies > 1:
            params, state = params.repeat(copies, 1, 1, 1), state.repeat(copies, 1)
        return GenerationState(params, state, None, torch.Generator().manual_seed(seed).get_state(), 0)

    @torch.no_grad()
    def push(self, chunk: int, state: GenerationState) -> tuple[Tensor, GenerationState]:
        """The next `chunk` steps `(rows, chunk, features)`, and the state after them.

        Raises:
            ConfigError: `chunk` is not a positive integer.
        """
        if not isinstance(chunk, int) or chunk < 1:
            raise ConfigError(f"The number of steps to generate must be an integer from 1 on, got {chunk!r}.")
        generator = torch.Generator()
        generator.set_state(state.generator)
        params, recurrent, values, first = state.params, state.recurrent, state.values, state.num_steps
        made = []
        for step in range(first, first + chunk):
            if values is not None:
                # Values are read only when the next ones are asked for: inputs may be known for no step more.
                params, recurrent = self._network.step(self.next_input(values, step - 1)[:, None], recurrent)
            values = self.sample(params, generator)
            made.append(values)
        after = GenerationState(params, recurrent, values, generator.get_state(), first + chunk)
        return torch.cat(made, 1), after
