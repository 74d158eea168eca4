"""The equations in plain torch, step by step: the reference for every implementation."""

import torch
from torch import Tensor


def gru_update(from_input: Tensor, from_state: Tensor, h: Tensor) -> Tensor:
    """One GRU step when both products `(..., 3 * hidden)` are known, for h `(..., hidden)`.

    All three broadcast, so one state can take steps for many inputs at once.
    """
    r_in, z_in, n_in = from_input.chunk(3, -1)
    r_rec, z_rec, n_rec = from_state.chunk(3, -1)
    reset = torch.sigmoid(r_in + r_rec)
    update = torch.sigmoid(z_in + z_rec)
    new = torch.tanh(torch.addcmul(n_in, reset, n_rec))
    return torch.lerp(new, h.expand_as(new), update)


def lstm_update(from_input: Tensor, from_state: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One LSTM step when both products are known: `(..., 4 * hidden)` each, c `(..., hidden)`. Gives h and c."""
    i, f, g, o = (from_input + from_state).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def lstm_reference(
    x: Tensor, h: Tensor, c: Tensor, w_in: Tensor, w_rec: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """`lstm`, step by step in plain torch."""
    outputs = []
    for x_t in x.unbind(1):
        h, c = lstm_update(x_t @ w_in.T + bias, h @ w_rec.T, c)
        outputs.append(h)
    return torch.stack(outputs, 1), h, c


def gru_reference(
    x: Tensor, h: Tensor, w_in: Tensor, w_rec: Tensor, bias: Tensor, bias_rec: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """`gru`, step by step in plain torch."""
    inner = 0 if bias_rec is None else torch.nn.functional.pad(bias_rec, (2 * len(bias_rec), 0))
    outputs = []
    for x_t in x.unbind(1):
        h = gru_update(x_t @ w_in.T + bias, h @ w_rec.T + inner, h)
        outputs.append(h)
    return torch.stack(outputs, 1), h
