"""Products with operands in bfloat16: what is rounded, what is not, and that all kernels agree."""

import pytest
import torch
from op_layers import LAYERS, Layer, Sizes
from torch import Tensor

from echoic import ops

SIZES = (6, 9, 7, 65)
"""More units than layers in lanes have."""

BETWEEN_KERNELS = 2e-3
"""Relative to the largest value: where a number lies near a tie, two kernels may round it apart, by 2^-8 of itself."""

ROUNDED = [name for name in ops.AVAILABLE if name != "off"]


def outputs_and_gradients(layer: Layer, values: list[Tensor], sizes: Sizes, *, rounds: bool) -> list[Tensor]:
    with torch.autocast("cpu", torch.bfloat16, enabled=rounds):
        outputs = layer.run(*values)
    return [*(one.detach() for one in outputs), *layer.gradients(outputs, values, sizes)]


def rounded(x: Tensor) -> Tensor:
    return x.bfloat16().double()


def lstm_of_rounded_operands(x: Tensor, h: Tensor, c: Tensor, w_in: Tensor, w_rec: Tensor, bias: Tensor) -> Tensor:
    """A plain loop in float64: operands are rounded, and nothing else."""
    y, h, c = [], h.double(), c.double()
    for x_t in x.unbind(1):
        sums = rounded(x_t) @ rounded(w_in).T + rounded(h.float()) @ rounded(w_rec).T + bias.double()
        i, f, g, o = sums.chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        y.append(h)
    return torch.stack(y, 1)


@pytest.mark.parametrize("target", ROUNDED)
def test_operands_are_rounded_and_nothing_else(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", target)
    layer = LAYERS[0]
    values = [one.detach() for one in layer.arguments(SIZES, torch.float32)]
    with torch.autocast("cpu", torch.bfloat16):
        got = layer.run(*values)[0]
    wanted = lstm_of_rounded_operands(*values)
    assert got.dtype == torch.float32
    error = (got.double() - wanted).abs().max()
    assert error < 5e-4
    assert error < 0.1 * (layer.run(*values)[0].double() - wanted).abs().max()


@pytest.mark.parametrize("target", ROUNDED)
def test_all_kernels_agree(target: str, layer: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    """C++ checks each of them, and its gradients, against a loop in double precision."""
    values = layer.arguments(SIZES, torch.float32)
    wanted = outputs_and_gradients(layer, values, SIZES, rounds=True)
    monkeypatch.setenv("ECHOIC_KERNEL", target)
    for one, other in zip(outputs_and_gradients(layer, values, SIZES, rounds=True), wanted, strict=True):
        largest = max(1.0, float(other.abs().max()))
        torch.testing.assert_close(one, other, atol=BETWEEN_KERNELS * largest, rtol=0)


def test_gradients_are_near_those_of_float32_and_not_the_same(layer: Layer) -> None:
    values = layer.arguments(SIZES, torch.float32)
    plain, close = (outputs_and_gradients(layer, values, SIZES, rounds=rounds) for rounds in (False, True))
    for one, other in zip(close, plain, strict=True):
        assert 0 < (one - other).norm() < 0.02 * other.norm()


def test_other_types_of_autocast_round_nothing(layer: Layer) -> None:
    values = layer.arguments(SIZES, torch.float32)
    with torch.autocast("cpu", torch.float16):
        got = layer.run(*values)
    for one, other in zip(got, layer.run(*values), strict=True):
        torch.testing.assert_close(one, other, atol=0, rtol=0)


def test_torchs_own_layers_give_float32_as_well(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    values = layer.arguments(SIZES, torch.float32)
    wanted = layer.run(*values)
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    with torch.autocast("cpu", torch.bfloat16):
        got = layer.run(*values)
    for one, other in zip(got, wanted, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, atol=0.03, rtol=0)


def test_inputs_that_autocast_has_rounded_are_taken(layer: Layer) -> None:
    x, *others = layer.arguments(SIZES, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        for one, other in zip(layer.run(x.bfloat16(), *others), layer.run(x, *others), strict=True):
            torch.testing.assert_close(one, other, atol=0, rtol=0)  # its operands would be rounded in any case


def test_states_that_autocast_has_rounded_are_taken(layer: Layer) -> None:
    values = [one.detach() for one in layer.arguments(SIZES, torch.float32)]
    smaller = [one.bfloat16() if one.shape == (SIZES[0], SIZES[3]) else one for one in values]
    wanted = layer.run(*(one.to(torch.float32) for one in smaller))
    with torch.autocast("cpu", torch.bfloat16):
        for one, other in zip(layer.run(*smaller), wanted, strict=True):
            assert one.dtype == torch.float32
            torch.testing.assert_close(one, other, atol=0.03, rtol=0)


def test_layers_in_lanes_stay_in_float32(layer: Layer) -> None:
    values = layer.arguments((16, 5, 3, 8), torch.float32)
    plain, close = (outputs_and_gradients(layer, values, (16, 5, 3, 8), rounds=rounds) for rounds in (False, True))
    for one, other in zip(close, plain, strict=True):
        torch.testing.assert_close(one, other, atol=0, rtol=0)


def test_functions_in_float32_round_nothing_under_autocast() -> None:
    a, b = torch.randn(8, 9), torch.randn(9, 5)
    with torch.autocast("cpu", torch.bfloat16):
        assert (a @ b).dtype == torch.bfloat16
        got = ops.in_float32(torch.matmul, a, b)
    assert torch.equal(got, a @ b)
