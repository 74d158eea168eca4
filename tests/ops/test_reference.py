"""The reference against torch's own cells and arithmetic by hand."""

import math

import pytest
import torch

from echoic import ops

ROUNDING = 1e-14  # float64, values below 1


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_lstm_reference_takes_the_steps_of_torchs_cell() -> None:
    cell, x = torch.nn.LSTMCell(3, 5).double(), noise(4, 6, 3)
    h, c = noise(4, 5, seed=1), noise(4, 5, seed=2)
    y, h_end, c_end = ops.lstm_reference(x, h, c, cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh)
    for t in range(6):
        h, c = cell(x[:, t], (h, c))
        torch.testing.assert_close(y[:, t], h, atol=ROUNDING, rtol=0)
    torch.testing.assert_close(h_end, h, atol=ROUNDING, rtol=0)
    torch.testing.assert_close(c_end, c, atol=ROUNDING, rtol=0)


def test_gru_reference_takes_the_steps_of_torchs_cell() -> None:
    cell, x, h = torch.nn.GRUCell(3, 5).double(), noise(4, 6, 3), noise(4, 5, seed=1)
    outer, inner = cell.bias_hh[:10], cell.bias_hh[10:]
    bias = cell.bias_ih + torch.cat([outer, torch.zeros(5)])
    y, h_end = ops.gru_reference(x, h, cell.weight_ih, cell.weight_hh, bias, inner)
    for t in range(6):
        h = cell(x[:, t], h)
        torch.testing.assert_close(y[:, t], h, atol=ROUNDING, rtol=0)
    torch.testing.assert_close(h_end, h, atol=ROUNDING, rtol=0)


def test_an_inner_bias_of_zero_is_none() -> None:
    x, h, w_in, w_rec, bias = noise(2, 3, 1), noise(2, 4), noise(12, 1), noise(12, 4), noise(12)
    with_zeros = ops.gru_reference(x, h, w_in, w_rec, bias, torch.zeros(4, dtype=torch.float64))
    for one, other in zip(ops.gru_reference(x, h, w_in, w_rec, bias), with_zeros, strict=True):
        assert torch.equal(one, other)


def test_lstm_update_is_the_equation_in_the_order_i_f_g_o() -> None:
    i, f, g, o = 0.1, -0.2, 0.3, 0.4
    h, c = ops.lstm_update(torch.tensor([i, f, g, o - 1]), torch.tensor([0.0, 0.0, 0.0, 1.0]), torch.tensor([0.5]))
    wanted = sigmoid(f) * 0.5 + sigmoid(i) * math.tanh(g)
    assert c.item() == pytest.approx(wanted, abs=1e-7)
    assert h.item() == pytest.approx(sigmoid(o) * math.tanh(wanted), abs=1e-7)


def test_gru_update_is_the_equation_in_the_order_r_z_n() -> None:
    from_input, from_state, h = torch.tensor([0.1, -0.2, 0.3]), torch.tensor([0.5, 0.6, -0.7]), torch.tensor([0.8])
    z, new = sigmoid(0.4), math.tanh(0.3 + sigmoid(0.6) * -0.7)
    assert ops.gru_update(from_input, from_state, h).item() == pytest.approx((1 - z) * new + z * 0.8, abs=1e-7)


def test_one_state_takes_steps_for_many_inputs() -> None:
    many, state, h, c = noise(3, 4, 20), noise(3, 1, 20, seed=1), noise(3, 1, 5, seed=2), noise(3, 1, 5, seed=3)
    h_lstm, _ = ops.lstm_update(many, state, c)
    h_gru = ops.gru_update(many[..., :15], state[..., :15], h)
    for direction in range(4):
        alone, _ = ops.lstm_update(many[:, direction], state[:, 0], c[:, 0])
        assert torch.equal(h_lstm[:, direction], alone)
        alone = ops.gru_update(many[:, direction, :15], state[:, 0, :15], h[:, 0])
        torch.testing.assert_close(h_gru[:, direction], alone, atol=ROUNDING, rtol=0)
