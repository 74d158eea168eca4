import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from echoic.cells import GRU

EXACT = 1e-12  # float64
ROUNDING = 1e-6  # float32, values below 1

SIZES = [(3, 7, 2, 5), (1, 1, 1, 1), (2, 9, 1, 11)]


def make(inputs: int, hidden: int) -> GRU:
    torch.manual_seed(0)
    cell = GRU(inputs, hidden).double()
    torch.nn.init.normal_(cell.bias)
    return cell


def naive_gru(x: NDArray[np.float64], h: NDArray[np.float64], cell: GRU) -> tuple[NDArray[np.float64], ...]:
    """Torch's variant, one number at a time: the reset gate scales the recurrent product."""

    def sigmoid(value: float) -> float:
        return 1 / (1 + math.exp(-value))

    w_in, w_rec, bias = (weight.detach().numpy() for weight in (cell.w_in, cell.w_rec, cell.bias))
    hidden = cell.hidden_size
    h = h.copy()
    y = np.zeros((x.shape[0], x.shape[1], hidden))
    for row in range(x.shape[0]):
        for step in range(x.shape[1]):
            before = h[row].copy()
            for unit in range(hidden):
                from_x = [w_in[gate * hidden + unit] @ x[row, step] + bias[gate * hidden + unit] for gate in range(3)]
                from_h = [w_rec[gate * hidden + unit] @ before for gate in range(3)]
                reset, update = sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1])
                new = np.tanh(from_x[2] + reset * from_h[2])
                h[row, unit] = (1 - update) * new + update * before[unit]
            y[row, step] = h[row]
    return y, h


@pytest.mark.parametrize("sizes", SIZES)
def test_gru_equals_a_plain_loop(sizes: tuple[int, ...]) -> None:
    batch, steps, inputs, hidden = sizes
    cell = make(inputs, hidden)
    x, h = torch.randn(batch, steps, inputs).double(), torch.randn(batch, hidden).double()
    y, (h_end,) = cell(x, (h,))
    for got, wanted in zip((y, h_end), naive_gru(x.numpy(), h.numpy(), cell), strict=True):
        np.testing.assert_allclose(got.detach().numpy(), wanted, atol=EXACT, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gru_equals_torch_with_the_same_weights(dtype: torch.dtype) -> None:
    cell = make(3, 5).to(dtype)
    oracle = torch.nn.GRU(3, 5, batch_first=True).to(dtype)
    weights = {"weight_ih_l0": cell.w_in, "weight_hh_l0": cell.w_rec, "bias_ih_l0": cell.bias}
    oracle.load_state_dict(weights | {"bias_hh_l0": torch.zeros_like(cell.bias)})
    x, h = torch.randn(2, 6, 3, dtype=dtype), torch.randn(2, 5, dtype=dtype)
    y, (h_end,) = cell(x, (h,))
    y_torch, h_torch = oracle(x, h[None])
    for got, wanted in ((y, y_torch), (h_end, h_torch[0])):
        torch.testing.assert_close(got, wanted, atol=ROUNDING if dtype == torch.float32 else EXACT, rtol=0)
    y.square().sum().backward()
    y_torch.square().sum().backward()
    torch.testing.assert_close(cell.w_rec.grad, oracle.weight_hh_l0.grad, atol=1e-4, rtol=1e-5)


def test_a_gru_takes_no_forget_bias() -> None:
    assert not GRU.has_forget_gate
    with pytest.raises(TypeError, match="forget_bias"):
        GRU(2, 3, forget_bias=5.0)  # type: ignore[call-arg]  # refused
