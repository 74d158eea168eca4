"""Incremental inference: head parameters of inputs in chunks."""

from functools import cached_property
from typing import Any, final

import torch
from torch import Tensor

from echoic.errors import ConfigError, ShapeError
from echoic.model import SequenceModel
from echoic.readouts import ReadoutInputs
from echoic.streams.base import check_causal, check_tensor
from echoic.streams.chord_loop import ChordLoop
from echoic.streams.loop import Loop
from echoic.streams.rows import step_network
from echoic.streams.symbol_loop import SymbolLoop

PRIME_STEPS = 1024
"""Steps per chunk of priming; bounds the memory."""


@final
class NetworkStream:
    """Computes head parameters of input chunks, with a network that has one output per step.

    Chunks of one step run on the step kernels if available, with a copy of the weights made on first use; create a new
    stream after further training. Copies of a stream, by `copy.deepcopy` or pickle, make their own on first use.
    Results do not depend on the chunks, up to float32 rounding (1e-5). The state is one matrix
    `(rows, model.state_size)`, as `model.pack` returns it.

    Raises:
        ConfigError: the network is bidirectional, or its encoder or readout requires several steps at once.
    """

    def __init__(self, model: SequenceModel) -> None:
        check_causal(model)
        if not (model.stack.is_stateful and model.encoder.is_stepwise and model.readout.is_stepwise):
            parts = ", ".join(type(part).__name__ for part in (model.encoder, model.stack, model.readout))
            raise ConfigError(
                f"A stream requires a recurrent network with one output per step, got {parts}; for a forecast, train "
                "with --strategy recursive."
            )
        self.model = model.eval()
        self._stack = model.stack
        self._loops: dict[int | None, Loop | None] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What a copy is made of, also by pickle: all but the copied weights, which the kernels alone can read."""
        return {name: value for name, value in vars(self).items() if name != "_step_network"} | {"_loops": {}}

    @torch.no_grad()
    def start(self, rows: int = 1) -> Tensor:
        """The state before the first step of `rows` sequences."""
        return self.model.pack(self.model.initial_state(rows))

    @torch.no_grad()
    def push(self, chunk: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Head parameters `(rows, steps, features, parameters)` for inputs `(rows, steps, width)`, and the state.

        Raises:
            ShapeError: the chunk is no such tensor, or `state` is not of as many rows of this network.
        """
        check_tensor("chunk", chunk, "rows", "steps", "width")
        check_tensor("state", state, len(chunk), self.model.state_size)
        return self.step(chunk, state) if chunk.shape[1] == 1 else self._pass(chunk, state)

    @torch.no_grad()
    def prime(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `push`, in bounded memory: head parameters after the last step only, `(rows, 1, features, parameters)`."""
        check_tensor("inputs", inputs, "rows", "steps", "width")
        if not inputs.shape[1]:
            raise ShapeError("`inputs` must have at least one step, got none.")
        state = self.start(len(inputs)) if state is None else state
        params = inputs
        for chunk in torch.split(inputs, PRIME_STEPS, 1):
            params, state = self._pass(chunk, state)
        return params[:, -1:].clone(), state  # a view would keep the whole chunk in memory

    def step(self, chunk: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """As `push` for chunks of one step, without the overhead of `torch.no_grad`, which the caller must enter."""
        network, model = self._step_network, self.model
        if network is None:
            return self._pass(chunk, state)
        if model.training:
            model.eval()
        encoded = model.encoder(chunk)
        # The kernel updates states in place.
        state, hidden = state.clone(), chunk.new_empty(len(chunk), 1, self._stack.output_size)
        network.step(encoded[:, 0].contiguous().numpy(), state.numpy(), hidden[:, 0].numpy())
        # A stepwise readout uses neither state nor layers.
        return model.head(model.readout(ReadoutInputs(encoded, hidden, (), None))), state

    def loop(self, never: int | None) -> Loop | None:
        """The network as a loop that draws symbols other than `never`, or notes; None if there is none."""
        if never not in self._loops:
            self._loops[never] = SymbolLoop.of(self.model, never) or ChordLoop.of(self.model)
        return self._loops[never]

    def _pass(self, chunk: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        model = self.model
        if model.training:
            model.eval()
        params, after = model(chunk, model.unpack(state))
        return params, model.pack(after)

    @cached_property
    def _step_network(self) -> Any:
        return step_network(self._stack)
