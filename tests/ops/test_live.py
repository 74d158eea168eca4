"""Layers in the layout of the step kernels, against the same layers over whole sequences."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from echoic import ops
from echoic.errors import KernelError
from echoic.ops.choice import native

COMPILED = [name for name in ops.AVAILABLE if name != "off"]
NEAR = 1e-5
"""Largest error of float32 for values of about 1."""
NEAR_A_TIE = 4e-3
"""The same where a hidden vector is rounded to the other neighbour in bfloat16."""


def random_layers(cells: list[str], sizes: list[int], *, with_inner_bias: bool = True) -> list[ops.LayerWeights]:
    draw = torch.Generator().manual_seed(0)
    layers = []
    for cell, (inputs, hidden) in zip(cells, pairwise(sizes), strict=True):
        rows = hidden * (4 if cell == "lstm" else 3)
        shapes = [(rows, inputs), (rows, hidden), (rows,), (hidden,)]
        w_in, w_rec, bias, bias_rec = (torch.randn(shape, generator=draw) / 2 for shape in shapes)
        inner = bias_rec if cell == "gru" and with_inner_bias else None
        # Weights may come in any type and memory layout.
        layers.append(ops.LayerWeights(cell, w_in.double(), w_rec.T.contiguous().T, bias, inner))
    return layers


def whole_sequence(layers: list[ops.LayerWeights], x: Tensor) -> Tensor:
    """Hidden vectors of the last layer, from a state of zeros."""
    for layer in layers:
        start = x.new_zeros(len(x), layer.w_rec.shape[1])
        if layer.cell == "lstm":
            x, *_ = ops.lstm_reference(x, start, start, layer.w_in.float(), layer.w_rec, layer.bias)
        else:
            x, _ = ops.gru_reference(x, start, layer.w_in.float(), layer.w_rec, layer.bias, layer.bias_rec)
    return x


@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("with_output", [False, True], ids=["hidden vectors", "linear map"])
@pytest.mark.parametrize("with_inner_bias", [False, True], ids=["without inner bias", "with inner bias"])
@pytest.mark.parametrize(("cells", "sizes"), [(["lstm"], [3, 5]), (["gru"], [1, 17]), (["gru", "lstm"], [2, 9, 4])])
def test_steps_are_those_of_the_layers_and_the_map_on_top(
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    with_output: bool,
    with_inner_bias: bool,
    cells: list[str],
    sizes: list[int],
) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", target)
    layers = random_layers(cells, sizes, with_inner_bias=with_inner_bias)
    out = (torch.randn(6, sizes[-1]), torch.randn(6)) if with_output else None
    x = torch.randn(3, 4, sizes[0], generator=torch.Generator().manual_seed(1))
    wanted = whole_sequence(layers, x)
    if out is not None:
        wanted = wanted @ out[0].T + out[1]

    network = ops.live_network(layers, out, storage="float32", threads=1)
    state_size = sum(hidden * (2 if cell == "lstm" else 1) for cell, hidden in zip(cells, sizes[1:], strict=True))
    states, outputs = torch.zeros(3, state_size), torch.empty(3, wanted.shape[-1])
    pushed, at_once = torch.zeros(3, state_size), torch.empty_like(wanted)
    network.push(x.numpy(), pushed.numpy(), at_once.numpy())
    for step in range(4):
        network.step(x[:, step].contiguous().numpy(), states.numpy(), outputs.numpy())
        torch.testing.assert_close(outputs, wanted[:, step], atol=NEAR, rtol=NEAR)
        torch.testing.assert_close(at_once[:, step], outputs, atol=0, rtol=0)
    torch.testing.assert_close(pushed, states, atol=0, rtol=0)
    with pytest.raises(ValueError, match=r"out must be \(rows, steps, outputs\)"):
        network.push(x.numpy(), pushed.numpy(), at_once[:, :3].contiguous().numpy())


def rounded(values: Tensor) -> Tensor:
    return values.bfloat16().to(values.dtype)


def bfloat16_step(layer: ops.LayerWeights, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden vectors and state after a step with rounded weights and hidden vectors; `x` is used as it is."""
    h = state[:, : layer.w_rec.shape[1]]
    inputs = x @ rounded(layer.w_in.double()).T + layer.bias.double()
    recurrent = rounded(h) @ rounded(layer.w_rec.double()).T
    if layer.cell == "lstm":
        i, f, g, o = (inputs + recurrent).chunk(4, 1)
        c = torch.sigmoid(f) * state[:, h.shape[1] :] + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, torch.cat([h, c], 1)
    assert layer.bias_rec is not None
    (x_r, x_z, x_n), (h_r, h_z, h_n) = inputs.chunk(3, 1), recurrent.chunk(3, 1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    h = (1 - z) * torch.tanh(x_n + r * (h_n + layer.bias_rec.double())) + z * h
    return h, h


@pytest.mark.parametrize("target", COMPILED)
@pytest.mark.parametrize("rows", [1, 5, 150])
@pytest.mark.parametrize("cells", [["lstm", "gru"], ["gru", "lstm"]])
def test_with_bfloat16_weights_hidden_vectors_are_rounded_too_and_inputs_are_not(
    monkeypatch: pytest.MonkeyPatch, target: str, rows: int, cells: list[str]
) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", target)
    sizes = [3, 37, 20]
    layers = random_layers(cells, sizes)
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(rows, sizes[0], generator=draw)
    out = torch.randn(6, sizes[-1], generator=draw), torch.randn(6, generator=draw)
    widths = [hidden * (2 if cell == "lstm" else 1) for cell, hidden in zip(cells, sizes[1:], strict=True)]
    states = torch.randn(rows, sum(widths), generator=draw)
    before, outputs = states.double().split(widths, 1), torch.empty(rows, 6)
    network = ops.live_network(layers, out, storage="bfloat16", threads=1)
    network.step(x.numpy(), states.numpy(), outputs.numpy())

    h, first = bfloat16_step(layers[0], x.double(), before[0])
    h, second = bfloat16_step(layers[1], rounded(h), before[1])
    wanted = rounded(h) @ rounded(out[0].double()).T + out[1].double()
    for got, exact in [(states, torch.cat([first, second], 1)), (outputs, wanted)]:
        error = (got - exact).abs()
        assert error.max() < NEAR_A_TIE * max(1.0, float(exact.abs().max()))
        assert (error < NEAR).float().mean() > 0.8


def test_without_a_kernel_in_use_the_error_names_those_that_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    remedy = f"set `ECHOIC_KERNEL` to {', '.join(COMPILED)}" if native else "install with a C\\+\\+ compiler at hand"
    with pytest.raises(KernelError, match=rf"require a compiled kernel, and `off` is in use; {remedy}\.$"):
        ops.live_network(random_layers(["gru"], [2, 3]), storage="float32", threads=1)
