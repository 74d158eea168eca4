"""Torch's own layers, which run where the compiled kernels do not."""

import pytest
import torch
from op_layers import Layer

SECOND = {torch.float32: 1e-5, torch.float64: 1e-12}
"""Largest error of a second derivative, for values of about 1."""

HALF = {torch.float16: 5e-3, torch.bfloat16: 5e-2}
"""Largest error for values below 1: the type's own rounding, over a few steps."""


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_gradients_equal_finite_differences(monkeypatch: pytest.MonkeyPatch, layer: Layer, reverse: bool) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    lengths = torch.tensor([3, 0, 2])
    values = layer.arguments((3, 3, 2, 3), torch.float64)
    assert torch.autograd.gradcheck(lambda *given: layer.run(*given, lengths=lengths, reverse=reverse), values)


@pytest.mark.parametrize("dtype", SECOND)
def test_second_derivatives_equal_the_reference(
    monkeypatch: pytest.MonkeyPatch, layer: Layer, dtype: torch.dtype
) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    values = layer.arguments((2, 3, 2, 4), dtype)
    second = []
    for run in (layer.run, layer.reference):
        (slope,) = torch.autograd.grad(run(*values)[0].sum(), values[0], create_graph=True)
        second.append(torch.autograd.grad(slope.square().sum(), values[0])[0])
    assert second[1].any()
    torch.testing.assert_close(*second, atol=SECOND[dtype], rtol=0)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_runs_on_torch_with_every_kernel(layer: Layer, dtype: torch.dtype) -> None:
    values = layer.arguments((3, 4, 2, 5), dtype, grad=False)
    exact = layer.reference(*[value.double() for value in values])
    for one, other in zip(layer.run(*values), exact, strict=True):
        assert one.dtype == dtype
        torch.testing.assert_close(one.double(), other, atol=HALF[dtype], rtol=0)


@pytest.mark.usefixtures("kernel")
def test_other_devices_run_on_torch_with_every_kernel(layer: Layer) -> None:
    values = [value.to("meta") for value in layer.arguments((3, 4, 2, 5), torch.float32, grad=False)]
    y, *ends = layer.run(*values)
    assert y.device.type == "meta"
    assert y.shape == (3, 4, 5)
    assert [tuple(end.shape) for end in ends] == [(3, 5)] * layer.num_states
