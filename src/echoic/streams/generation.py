"""Autoregressive generation in constant time and memory per step."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, Self, cast, final

import torch
from torch import Tensor

from echoic.errors import ConfigError
from echoic.heads import Categorical, Sampling, SymbolHead
from echoic.heads.base import HeadSampler
from echoic.heads.sampling import SymbolSampler
from echoic.model import SequenceModel
from echoic.streams.loop import Loop
from echoic.streams.network import NetworkStream


class GenerationState(NamedTuple):
    """The state of a sequence between two generated steps.

    Attributes:
        params: head parameters of the newest step `(rows, 1, features, parameters)`.
        recurrent: the network's state that belongs to `params` `(rows, state_size)`.
        values: sampled values that the network has not yet read; None for none.
        generator: the state of the random generator.
        num_steps: number of steps generated since the start.
    """

    params: Tensor
    recurrent: Tensor
    values: Tensor | None
    generator: Tensor
    num_steps: int


def feed_back(values: Tensor, step: int) -> Tensor:
    """The default `next_input`: values `(rows, 1, features)` unchanged."""
    del step
    return values[:, 0]


class Predictor(Protocol):
    """Head parameters step by step, as by a `NetworkStream`."""

    def prime(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Head parameters after the last of the inputs `(rows, steps, width)`, and the state."""
        ...

    def step(self, chunk: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Head parameters for inputs of one step, and the state after it."""
        ...


@final
class GenerationStream:
    """Generates values autoregressively; the chunks pushed are numbers of steps.

    Resuming from a state, in any process, is bit-identical to an uninterrupted run with the same kernel and number of
    threads. As a `NetworkStream`, it copies weights on first use: create a new stream after further training.

    Args:
        model: a network with one output per step.
        sample: maps head parameters and a generator to values `(rows, 1, features)`.
        next_input: maps the values and the number of a step to the next input `(rows, width)`.
        predictor: the source of head parameters, if not the network alone.

    Raises:
        ConfigError: as for `NetworkStream`.
    """

    def __init__(
        self,
        model: SequenceModel,
        sample: Callable[[Tensor, torch.Generator], Tensor],
        next_input: Callable[[Tensor, int], Tensor] = feed_back,
        predictor: Predictor | None = None,
    ) -> None:
        self.model = model
        self.sample = sample
        self.next_input = next_input
        self._network = NetworkStream(model) if predictor is None else predictor

    @property
    def is_one_call(self) -> bool:
        """Whether all steps of a push are one call of the kernels: symbols or notes, drawn by temperature alone."""
        return self._loop() is not None

    def _loop(self) -> tuple[Loop, float] | None:
        sample, head, network = self.sample, self.model.head, self._network
        if isinstance(sample, SymbolSampler) and isinstance(head, Categorical):
            never = sample.never
        elif isinstance(sample, HeadSampler) and sample.head is head:
            never = None
        else:
            return None
        if not isinstance(network, NetworkStream) or self.next_input is not feed_back or not sample.sampling.is_plain:
            return None
        loop = network.loop(never)
        return None if loop is None else (loop, sample.sampling.temperature)

    @classmethod
    def of_symbols(cls, model: SequenceModel, sampling: Sampling) -> Self:
        """A stream of symbols from a model whose head predicts symbols."""
        return cls(model, cast("SymbolHead", model.head).sampler(sampling))

    @torch.no_grad()
    def start(self, known: Tensor, seed: int = 0, copies: int = 1) -> GenerationState:
        """The state after the inputs `known` `(rows, steps, width)`, at least one step.

        With `copies`, the whole batch of rows is repeated that many times.
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
            RunError: outputs of the network are not numbers.
        """
        if not isinstance(chunk, int) or chunk < 1:
            raise ConfigError(f"The number of steps to generate must be an integer from 1 on, got {chunk!r}.")
        generator = torch.Generator()
        generator.set_state(state.generator)
        if (found := self._loop()) is not None:
            loop, temperature = found
            made, params, recurrent = loop.run(
                chunk, state.params, state.recurrent, state.values, temperature, generator
            )
            return made, GenerationState(params, recurrent, None, generator.get_state(), state.num_steps + chunk)
        params, recurrent, values, first = state.params, state.recurrent, state.values, state.num_steps
        steps = []
        for step in range(first, first + chunk):
            if values is not None:
                # Values are fed in only when the next step is requested, since its covariates may be unknown.
                params, recurrent = self._network.step(self.next_input(values, step - 1)[:, None], recurrent)
            values = self.sample(params, generator)
            steps.append(values)
        after = GenerationState(params, recurrent, values, generator.get_state(), first + chunk)
        return torch.cat(steps, 1), after
