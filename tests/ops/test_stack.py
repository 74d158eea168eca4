"""Several layers in one call of the kernels: when they run so, and that they equal layers one by one."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from echoic import nn, ops
from echoic.errors import ShapeError
from echoic.ops import layout
from echoic.ops.choice import native

pytestmark = pytest.mark.skipif(native is None, reason="installed without the compiled kernels")

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}

Recurrent = nn.LSTM | nn.GRU


@pytest.fixture(params=[nn.LSTM, nn.GRU], ids=["lstm", "gru"])
def make(request: pytest.FixtureRequest) -> Callable[..., Recurrent]:
    """Three layers of 20 units, which rows in lanes suit."""

    def made(**settings: object) -> Recurrent:
        torch.manual_seed(0)
        layers: Recurrent = request.param(3, 20, 3, batch_first=True, **settings)
        return layers

    return made


def results(layers: Recurrent, *, lengths: list[int] | None = None) -> list[Tensor]:
    """Outputs, and the gradients of inputs, states and weights."""
    draw = torch.Generator().manual_seed(1)
    dtype = next(layers.parameters()).dtype
    x, *state = (
        torch.randn(shape, generator=draw).to(dtype).requires_grad_()
        for shape in [(18, 9, 3), *[(3, 18, 20)] * layers.num_states]
    )
    given: Any = x
    if lengths is not None:
        given = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), True, enforce_sorted=False)
    y, end = layers(given, tuple(state) if layers.num_states == 2 else state[0])
    outputs = [y if lengths is None else y.data, *(end if isinstance(end, tuple) else [end])]
    weights = [torch.randn(one.shape, generator=draw).to(dtype) for one in outputs]
    sources = [x, *state, *layers.parameters()]
    gradients = torch.autograd.grad(outputs, sources, weights)
    return [*(one.detach() for one in outputs), *gradients]


def calls_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of layers of each forward call."""
    made: list[int] = []
    forward = native.forward

    def recorded(*arguments: Any) -> None:
        made.append(arguments[3][-1])
        forward(*arguments)

    monkeypatch.setattr(native, "forward", recorded)
    return made


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("lengths", [None, [9, 1, 4, 9, 2, 7, 7, 3, 5] * 2], ids=["equal", "packed"])
def test_they_equal_layers_one_by_one(
    monkeypatch: pytest.MonkeyPatch, make: Callable[..., Recurrent], dtype: torch.dtype, lengths: list[int] | None
) -> None:
    layers = make(dtype=dtype)
    found = results(layers, lengths=lengths)
    monkeypatch.setattr(layout, "in_lanes", lambda *_: False)
    for one, other in zip(found, results(layers, lengths=lengths), strict=True):
        largest = max(1.0, float(other.abs().max()))
        torch.testing.assert_close(one, other, atol=TOLERANCE[dtype] * largest, rtol=0)


def test_one_call_runs_all_layers_where_rows_are_in_lanes(
    monkeypatch: pytest.MonkeyPatch, make: Callable[..., Recurrent]
) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "scalar")
    calls = calls_of(monkeypatch)
    monkeypatch.setattr(layout, "in_lanes", lambda *_: True)
    results(make())
    results(make(dropout=0.5))  # dropped between the layers
    results(make(dropout=0.5).eval())
    assert calls == [3, 1, 1, 1, 3]


def test_wrong_sizes_of_upper_layers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "scalar")
    monkeypatch.setattr(layout, "in_lanes", lambda *_: True)
    x, state = torch.zeros(2, 3, 4), (torch.zeros(2, 2, 5), torch.zeros(2, 2, 5))
    right = (torch.zeros(20, 4), torch.zeros(20, 5), torch.zeros(20), None)
    upper = (torch.zeros(20, 5), torch.zeros(20, 5), torch.zeros(20), None)
    assert ops.stack(x, state, [right, upper]) is not None
    with pytest.raises(ShapeError, match="w_in"):
        ops.stack(x, state, [right, right])
    with pytest.raises(ShapeError, match="Biases and state"):
        ops.stack(x, state, [right, upper, upper])
