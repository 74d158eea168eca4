"""Recurrent layers over many rows at once, each with as many steps as it has."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from echoic import ops
from echoic.cells import Bidirectional, IdentityStack, NetworkStack, Stack
from echoic.streams.alike import stacked
from echoic.types import Floats

PASS_STEPS = 64
"""Steps from which one row alone is faster in a pass over all of them than on the step kernel."""


@final
class RecurrentRows:
    """Steps the recurrent layers of a causal network over rows of unequal numbers of steps.

    Uses the step kernels if available, with a copy of the weights: one call for all rows of one length, or one for each
    of the different lengths. What a row gives does not depend on the other rows.
    """

    def __init__(self, stack: Stack | Bidirectional | IdentityStack | NetworkStack) -> None:
        self._stack = stack
        self._network = step_network(stack)

    @property
    def state_size(self) -> int:
        """Number of values in the state of a row."""
        return self._stack.state_size

    @torch.no_grad()
    def start(self) -> Floats:
        """The state `(state_size,)` before the first step of a row."""
        return np.array(self._stack.pack(self._stack.initial_state(1)).cpu().numpy().reshape(-1), np.float32)

    @torch.no_grad()
    def advance(self, inputs: Sequence[Floats], states: Sequence[Floats]) -> tuple[list[Floats], list[Floats]]:
        """Hidden vectors `(steps, hidden)` of each row for its `inputs` `(steps, width)`, and the states after them."""
        lengths = [len(one) for one in inputs]
        if self._network is None or (len(inputs) == 1 and lengths[0] >= PASS_STEPS):
            passed = [self._pass(one, state) for one, state in zip(inputs, states, strict=True)]
            return [hidden for hidden, _ in passed], [state for _, state in passed]
        # The longest rows first: those that have a step are the first ones of the matrices.
        order = sorted(range(len(inputs)), key=lambda row: -lengths[row])
        matrix = stacked([states[row] for row in order])
        steps = np.zeros((len(order), max(lengths), inputs[0].shape[1]), np.float32)
        for place, row in enumerate(order):
            steps[place, : lengths[row]] = inputs[row]
        hidden = np.empty((*steps.shape[:2], self._stack.output_size), np.float32)
        done = 0
        for length in sorted({*lengths} - {0}):
            count = sum(one >= length for one in lengths)
            made = np.empty((count, length - done, hidden.shape[2]), np.float32)
            self._network.push(np.ascontiguousarray(steps[:count, done:length]), matrix[:count], made)
            if made.shape == hidden.shape:  # all rows have one length
                hidden = made
            else:
                hidden[:count, done:length] = made
            done = length
        found, after = list(inputs), list(states)
        for row, own, state in zip(order, hidden, matrix, strict=True):
            # Copies: a stored state must not keep those of all rows in memory.
            found[row], after[row] = own[: lengths[row]], state.copy()
        return found, after

    def _pass(self, inputs: Floats, state: Floats) -> tuple[Floats, Floats]:
        if not len(inputs):
            return np.zeros((0, self._stack.output_size), np.float32), state
        weights = next(self._stack.parameters(), torch.zeros(0))
        x = torch.from_numpy(np.ascontiguousarray(inputs))[None].to(weights)
        hidden, after = self._stack(x, self._stack.unpack(torch.from_numpy(state)[None].to(weights)))
        return _array(hidden[0]), _array(self._stack.pack(after)).reshape(-1)


def step_network(stack: Stack | Bidirectional | IdentityStack | NetworkStack) -> Any:
    """The layers in the layout of the step kernels; None if no kernel supports them."""
    layers = step_layers(stack)
    return None if layers is None else ops.live_network(layers, storage="float32", threads=1)


def step_layers(stack: Stack | Bidirectional | IdentityStack | NetworkStack) -> list[ops.LayerWeights] | None:
    """The layers as the step kernels take them; None if no kernel supports them as they are."""
    layers = stack.live_layers()
    if layers is None or ops.kernel() == "off":
        return None
    weights = layers[0].w_in
    return layers if weights.device.type == "cpu" and weights.dtype == torch.float32 else None


def _array(values: Tensor) -> Floats:
    return np.array(values.float().cpu().numpy(), np.float32)
