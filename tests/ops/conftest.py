"""The layers under test, what goes into them, and their equations as a plain loop over rows."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from echoic import ops


class Layer(NamedTuple):
    """A function of `echoic.ops`, and its oracle."""

    name: str
    run: Callable[..., tuple[Tensor, ...]]
    reference: Callable[..., tuple[Tensor, ...]]
    gates: int
    vectors: int
    has_inner_bias: bool = False

    def arguments(self, sizes, dtype=torch.float64, *, grad=True):
        """Random x, state, weights and biases for `batch, steps, inputs, hidden`; the same numbers in every dtype."""
        batch, steps, inputs, hidden = sizes
        draw = torch.Generator().manual_seed(sum(sizes))
        rows = self.gates * hidden
        shapes = [(batch, steps, inputs), *[(batch, hidden)] * self.vectors, (rows, inputs), (rows, hidden), (rows,)]
        shapes += [(hidden,)] * self.has_inner_bias
        return [torch.randn(shape, generator=draw).mul(0.5).to(dtype).requires_grad_(grad) for shape in shapes]

    def oracle(self, values, lengths=None, *, reverse=False):
        """Row by row: each row's own steps are cut out, turned round if need be, and put back."""
        x, state, weights = values[0], values[1 : 1 + self.vectors], values[1 + self.vectors :]
        batch, steps, _ = x.shape
        lengths = [steps] * batch if lengths is None else lengths.tolist()
        rows, ends = [], []
        for row, length in enumerate(lengths):
            before = [vector[row : row + 1] for vector in state]
            mine = x[row : row + 1, :length]
            y, *end = x.new_zeros(1, 0, state[0].shape[1]), *before
            if length:
                y, *end = self.reference(mine.flip(1) if reverse else mine, *before, *weights)
            y = y.flip(1) if reverse else y
            rows.append(torch.nn.functional.pad(y, (0, 0, 0, steps - length)))
            ends.append(end)
        return torch.cat(rows), *(torch.cat(vectors) for vectors in zip(*ends, strict=True))


LAYERS = [
    Layer("lstm", ops.lstm, ops.lstm_reference, 4, 2),
    Layer("gru", ops.gru, ops.gru_reference, 3, 1),
    Layer("gru_inner", ops.gru, ops.gru_reference, 3, 1, has_inner_bias=True),
]

GRID = list(itertools.product((1, 3, 7), (1, 9), (1, 2, 9), (1, 5, 8, 13, 16, 17, 33)))


@pytest.fixture(params=LAYERS, ids=lambda layer: layer.name)
def layer(request) -> Layer:
    """Every layer, and every set of its arguments."""
    return request.param


@pytest.fixture(params=ops.AVAILABLE)
def kernel(request, monkeypatch) -> str:
    """Every implementation of this machine, forced."""
    monkeypatch.setenv("ECHOIC_KERNEL", request.param)
    return request.param


@pytest.fixture
def threads():
    """Sets the number of threads for one test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(params=GRID, ids="-".join)
def sizes(request):
    """Batch, steps, inputs, hidden: ones, and sizes that no vector width divides."""
    return request.param
