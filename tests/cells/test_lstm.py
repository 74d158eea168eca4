import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from echoic.cells import LSTM

EXACT = 1e-12  # float64
ROUNDING = 1e-6  # float32, values below 1

SIZES = [(3, 7, 2, 5), (1, 1, 1, 1), (2, 9, 1, 11)]


def make(inputs: int, hidden: int) -> LSTM:
    torch.manual_seed(0)
    cell = LSTM(inputs, hidden).double()
    torch.nn.init.normal_(cell.bias)
    return cell


def naive_lstm(
    x: NDArray[np.float64], h: NDArray[np.float64], c: NDArray[np.float64], cell: LSTM
) -> tuple[NDArray[np.float64], ...]:
    """The equations of Gers 1999, one number at a time."""

    def sigmoid(value: float) -> float:
        return 1 / (1 + math.exp(-value))

    w_in, w_rec, bias = (weight.detach().numpy() for weight in (cell.w_in, cell.w_rec, cell.bias))
    hidden = cell.hidden_size
    h, c = h.copy(), c.copy()
    y = np.zeros((x.shape[0], x.shape[1], hidden))
    for row in range(x.shape[0]):
        for step in range(x.shape[1]):
            before = h[row].copy()
            for unit in range(hidden):
                i, f, g, o = (
                    w_in[gate * hidden + unit] @ x[row, step]
                    + w_rec[gate * hidden + unit] @ before
                    + bias[gate * hidden + unit]
                    for gate in range(4)
                )
                c[row, unit] = sigmoid(f) * c[row, unit] + sigmoid(i) * np.tanh(g)
                h[row, unit] = sigmoid(o) * np.tanh(c[row, unit])
            y[row, step] = h[row]
    return y, h, c


@pytest.mark.parametrize("sizes", SIZES)
def test_lstm_equals_a_plain_loop(sizes: tuple[int, ...]) -> None:
    batch, steps, inputs, hidden = sizes
    cell = make(inputs, hidden)
    x, h, c = (torch.randn(*shape).double() for shape in ((batch, steps, inputs), (batch, hidden), (batch, hidden)))
    y, (h_end, c_end) = cell(x, (h, c))
    for got, wanted in zip((y, h_end, c_end), naive_lstm(x.numpy(), h.numpy(), c.numpy(), cell), strict=True):
        np.testing.assert_allclose(got.detach().numpy(), wanted, atol=EXACT, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lstm_equals_torch_with_the_same_weights(dtype: torch.dtype) -> None:
    cell = make(3, 5).to(dtype)
    oracle = torch.nn.LSTM(3, 5, batch_first=True).to(dtype)
    weights = {"weight_ih_l0": cell.w_in, "weight_hh_l0": cell.w_rec, "bias_ih_l0": cell.bias}
    oracle.load_state_dict(weights | {"bias_hh_l0": torch.zeros_like(cell.bias)})
    x, h, c = (torch.randn(*shape, dtype=dtype) for shape in ((2, 6, 3), (2, 5), (2, 5)))
    y, (h_end, c_end) = cell(x, (h, c))
    y_torch, (h_torch, c_torch) = oracle(x, (h[None], c[None]))
    for got, wanted in ((y, y_torch), (h_end, h_torch[0]), (c_end, c_torch[0])):
        torch.testing.assert_close(got, wanted, atol=ROUNDING if dtype == torch.float32 else EXACT, rtol=0)
    y.square().sum().backward()
    y_torch.square().sum().backward()
    torch.testing.assert_close(cell.w_rec.grad, oracle.weight_hh_l0.grad, atol=1e-4, rtol=1e-5)


def test_only_the_bias_of_the_forget_gate_starts_above_zero() -> None:
    bias = LSTM(2, 3, forget_bias=1.5).bias.detach()
    torch.testing.assert_close(bias, torch.tensor([0.0] * 3 + [1.5] * 3 + [0.0] * 6), atol=0, rtol=0)


def test_lstm_of_64_over_20_features_has_21760_parameters() -> None:
    assert sum(weight.numel() for weight in LSTM(20, 64).parameters()) == 21_760
