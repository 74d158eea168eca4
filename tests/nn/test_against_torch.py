"""Outputs, states and gradients equal those of torch's layers in float64, for every format of input."""

import itertools
from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from echoic import ops
from echoic.nn.base import Recurrent

INPUTS, HIDDEN = 3, 5
LENGTHS = {"sorted": [6, 4, 4, 1], "unsorted": [4, 1, 6, 4]}
LayerState = torch.Tensor | tuple[torch.Tensor, torch.Tensor] | None
FORMS = ["batch", "single", *LENGTHS]

OUTPUT = {torch.float32: 1e-6, torch.float64: 1e-13}
"""For outputs and states of about 1."""
GRADIENT = {torch.float32: 5e-6, torch.float64: 1e-12}
"""For gradients, which are sums over steps, rows and layers of up to a few tens."""

WAYS = [("auto", torch.float32), ("auto", torch.float64)]
WAYS += [("scalar", torch.float64)] * ("scalar" in ops.AVAILABLE)  # the kernels' own float64


def tensors_of(nested: LayerState) -> list[torch.Tensor]:
    if isinstance(nested, torch.Tensor):
        return [nested]
    return [] if nested is None else [tensor for one in nested for tensor in tensors_of(one)]


def double(x: torch.Tensor) -> torch.Tensor:
    return x.detach().double().requires_grad_()


def double_state(hx: LayerState) -> LayerState:
    if hx is None:
        return None
    return double(hx) if isinstance(hx, torch.Tensor) else (double(hx[0]), double(hx[1]))


def outcome(
    layer: Recurrent | torch.nn.RNNBase,
    form: str,
    x: torch.Tensor,
    hx: LayerState,
) -> tuple[list[torch.Tensor], tuple[torch.Tensor, ...]]:
    """Output, state, and the gradients of input, state and parameters."""
    if form in LENGTHS:
        packed = pack_padded_sequence(x, LENGTHS[form], layer.batch_first, enforce_sorted=form == "sorted")
        output, state = layer(packed, hx)
        assert isinstance(output, PackedSequence)
        for got, wanted in zip(output[1:], packed[1:], strict=True):
            assert (got is None) == (wanted is None)
            if got is not None and wanted is not None:
                assert torch.equal(got, wanted)
        output = output.data
    else:
        output, state = layer(x, hx)
    results = [output, *tensors_of(state)]
    # Different weights for each value, so that permuted values change the gradients.
    loss = sum((one * torch.linspace(-1, 2, one.numel(), dtype=one.dtype).view_as(one)).sum() for one in results)
    return results, torch.autograd.grad(loss, [x, *tensors_of(hx), *layer.parameters()])


def assert_same(
    layer: Recurrent,
    oracle: torch.nn.RNNBase,
    form: str,
    x: torch.Tensor,
    hx: LayerState,
) -> None:
    dtype = x.dtype
    oracle.double().load_state_dict(layer.state_dict())
    results, gradients = outcome(layer, form, x, hx)
    wanted_results, wanted_gradients = outcome(oracle, form, double(x), double_state(hx))
    for tolerance, got, wanted in (
        (OUTPUT[dtype], results, wanted_results),
        (GRADIENT[dtype], gradients, wanted_gradients),
    ):
        assert [one.dtype for one in got] == [dtype] * len(wanted)
        for one, other in zip(got, wanted, strict=True):
            torch.testing.assert_close(one.double(), other, atol=tolerance, rtol=tolerance)


def make_input(form: str, *, batch_first: bool, dtype: torch.dtype) -> torch.Tensor:
    shape = {"single": (6, INPUTS), "batch": (4, 6, INPUTS) if batch_first else (6, 4, INPUTS)}
    return torch.randn(shape.get(form, shape["batch"]), dtype=dtype, requires_grad=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kernel", "dtype"), WAYS, ids=lambda value: str(value).removeprefix("torch."))
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_outputs_and_gradients_equal_torchs(
    monkeypatch: pytest.MonkeyPatch, kind: Any, layers: int, kernel: str, dtype: torch.dtype, form: str
) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", kernel)
    for bidirectional, bias, batch_first in itertools.product([False, True], repeat=3):
        settings = (INPUTS, HIDDEN, layers, bias, batch_first, 0.0, bidirectional)
        layer = kind.ours(*settings, dtype=dtype)
        batch = () if form == "single" else (4,)
        hx = kind.state(layers * (1 + bidirectional), *batch, HIDDEN, dtype=dtype, requires_grad=True)
        x = make_input(form, batch_first=batch_first, dtype=dtype)
        assert_same(layer, kind.theirs(*settings), form, x, hx)


@pytest.mark.parametrize("form", FORMS)
def test_the_state_before_the_first_step_is_zero_by_default(kind: Any, form: str) -> None:
    settings = (INPUTS, HIDDEN, 2, True, True, 0.0, True)
    x = make_input(form, batch_first=True, dtype=torch.float32)
    assert_same(kind.ours(*settings), kind.theirs(*settings), form, x, None)


@pytest.mark.parametrize(("rows", "steps", "inputs", "hidden"), [(1, 1, 1, 1), (3, 1, 2, 17), (1, 4, 9, 8)])
def test_ones_and_sizes_that_no_vector_width_divides(
    kind: Any, rows: int, steps: int, inputs: int, hidden: int
) -> None:
    settings = (inputs, hidden, 2)
    x = torch.randn(steps, rows, inputs, requires_grad=True)
    hx = kind.state(2, rows, hidden, requires_grad=True)
    assert_same(kind.ours(*settings), kind.theirs(*settings), "batch", x, hx)


def test_a_batch_of_no_rows_gives_no_rows(kind: Any) -> None:
    output, state = kind.ours(INPUTS, HIDDEN, 2, batch_first=True)(torch.zeros(0, 4, INPUTS))
    assert output.shape == (0, 4, HIDDEN)
    assert [one.shape for one in tensors_of(state)] == [(2, 0, HIDDEN)] * kind.num_states


def test_the_state_is_no_view_so_that_it_can_be_detached_in_place(kind: Any) -> None:
    _, state = kind.ours(INPUTS, HIDDEN)(torch.randn(4, 2, INPUTS))
    for vector in tensors_of(state):
        assert not vector.detach_().requires_grad
