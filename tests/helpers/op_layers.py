"""The layers of `echoic.ops` under test, their inputs, and the reference as a plain loop over rows."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from echoic import ops

Sizes = tuple[int, int, int, int]
"""Batch, steps, inputs, hidden."""


class Layer(NamedTuple):
    """A function of `echoic.ops`, and its reference."""

    name: str
    run: Callable[..., tuple[Tensor, ...]]
    reference: Callable[..., tuple[Tensor, ...]]
    num_gates: int
    num_states: int
    has_inner_bias: bool = False

    def arguments(self, sizes: Sizes, dtype: torch.dtype, *, grad: bool = True) -> list[Tensor]:
        """Random x, state, weights and biases; the same numbers in every dtype.

        Weights shrink with what they sum over, or the layer would amplify rounding from step to step.
        """
        batch, steps, inputs, hidden = sizes
        rows = self.num_gates * hidden
        shapes = [(batch, steps, inputs), *[(batch, hidden)] * self.num_states, (rows, inputs), (rows, hidden), (rows,)]
        shapes += [(hidden,)] * self.has_inner_bias
        draw = torch.Generator().manual_seed(sum(sizes))
        made = [torch.randn(shape, generator=draw) for shape in shapes]
        for weights in made[1 + self.num_states : 3 + self.num_states]:
            weights.div_((1 + weights.shape[1]) ** 0.5)
        return [one.to(dtype).requires_grad_(grad) for one in made]

    def incoming(self, sizes: Sizes, dtype: torch.dtype) -> list[Tensor]:
        """Random gradients of the outputs."""
        batch, steps, _, hidden = sizes
        draw = torch.Generator().manual_seed(1 + sum(sizes))
        shapes = [(batch, steps, hidden), *[(batch, hidden)] * self.num_states]
        return [torch.randn(shape, generator=draw).to(dtype) for shape in shapes]

    def oracle(self, values: list[Tensor], lengths: list[int] | None, *, reverse: bool) -> tuple[Tensor, ...]:
        """Row by row, on the valid steps of each row, reversed if requested."""
        x, state, weights = values[0], values[1 : 1 + self.num_states], values[1 + self.num_states :]
        if lengths is None and not reverse:
            return self.reference(*values)
        rows, ends = [], []
        for row in range(len(x)):
            length = x.shape[1] if lengths is None else lengths[row]
            before = [vector[row : row + 1] for vector in state]
            y, *end = x.new_zeros(1, 0, state[0].shape[1]), *before
            if length:
                mine = x[row : row + 1, :length]
                y, *end = self.reference(mine.flip(1) if reverse else mine, *before, *weights)
            y = y.flip(1) if reverse else y
            rows.append(torch.nn.functional.pad(y, (0, 0, 0, x.shape[1] - length)))
            ends.append(end)
        return torch.cat(rows), *(torch.cat(vectors) for vectors in zip(*ends, strict=True))

    def gradients(self, outputs: tuple[Tensor, ...], values: list[Tensor], sizes: Sizes) -> list[Tensor]:
        """Gradients of all inputs; zeros where nothing depends on an input."""
        incoming = self.incoming(sizes, outputs[0].dtype)
        pairs = [pair for pair in zip(outputs, incoming, strict=True) if pair[0].requires_grad]
        given, upstream = zip(*pairs, strict=True)
        return list(torch.autograd.grad(given, values, upstream, materialize_grads=True))


LAYERS = [
    Layer("lstm", ops.lstm, ops.lstm_reference, 4, 2),
    Layer("gru", ops.gru, ops.gru_reference, 3, 1),
    Layer("gru with inner bias", ops.gru, ops.gru_reference, 3, 1, has_inner_bias=True),
]


class Answer(NamedTuple):
    """Outputs of a layer, and gradients of its arguments."""

    outputs: list[Tensor]
    gradients: list[Tensor]


@cache
def answer(layer: Layer, sizes: Sizes, lengths: tuple[int, ...] | None, *, reverse: bool) -> Answer:
    """Results of the reference, in float64."""
    values = layer.arguments(sizes, torch.float64)
    outputs = layer.oracle(values, None if lengths is None else list(lengths), reverse=reverse)
    return Answer([output.detach() for output in outputs], layer.gradients(outputs, values, sizes))


class AssertEqualsOracle(Protocol):
    """Compares outputs and all gradients of a layer with the reference."""

    def __call__(
        self, layer: Layer, sizes: Sizes, dtype: torch.dtype, lengths: list[int] | None = None, *, reverse: bool = False
    ) -> None:
        """Fails where they differ by more than rounding."""
