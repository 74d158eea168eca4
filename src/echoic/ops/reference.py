"""The equations in plain torch, step by step: the reference for every implementation."""

import torch
from jaxtyping import Float
from torch import Tensor


def gru_update(
    from_input: Float[Tensor, "... gates"], from_state: Float[Tensor, "... gates"], h: Float[Tensor, "... hidden"]
) -> Float[Tensor, "... hidden"]:
    """One GRU step when both products are known.

    All three broadcast, so one state can take steps for many inputs at once.
    """
    r_in, z_in, n_in = from_input.chunk(3, -1)
    r_rec, z_rec, n_rec = from_state.chunk(3, -1)
    reset = torch.sigmoid(r_in + r_rec)
    update = torch.sigmoid(z_in + z_rec)
    new = torch.tanh(torch.addcmul(n_in, reset, n_rec))
    return torch.lerp(new, h.expand_as(new), update)


def lstm_update(
    from_input: Float[Tensor, "... gates"], from_state: Float[Tensor, "... gates"], c: Float[Tensor, "... hidden"]
) -> tuple[Float[Tensor, "... hidden"], Float[Tensor, "... hidden"]]:
    """One LSTM step when both products are known. Gives h and c."""
    i, f, g, o = (from_input + from_state).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def lstm_reference(
    x: Float[Tensor, "batch steps inputs"],
    h: Float[Tensor, "batch hidden"],
    c: Float[Tensor, "batch hidden"],
    w_in: Float[Tensor, "4*hidden inputs"],
    w_rec: Float[Tensor, "4*hidden hidden"],
    bias: Float[Tensor, "4*hidden"],
) -> tuple[Float[Tensor, "batch steps hidden"], Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]:
    """`lstm`, step by step in plain torch."""
    outputs = []
    for x_t in x.unbind(1):
        h, c = lstm_update(x_t @ w_in.T + bias, h @ w_rec.T, c)
        outputs.append(h)
    return torch.stack(outputs, 1), h, c


def gru_reference(
    x: Float[Tensor, "batch steps inputs"],
    h: Float[Tensor, "batch hidden"],
    w_in: Float[Tensor, "3*hidden inputs"],
    w_rec: Float[Tensor, "3*hidden hidden"],
    bias: Float[Tensor, "3*hidden"],
    bias_rec: Float[Tensor, "hidden"] | None = None,
) -> tuple[Float[Tensor, "batch steps hidden"], Float[Tensor, "batch hidden"]]:
    """`gru`, step by step in plain torch."""
    inner = 0 if bias_rec is None else torch.nn.functional.pad(bias_rec, (2 * len(bias_rec), 0))
    outputs = []
    for x_t in x.unbind(1):
        h = gru_update(x_t @ w_in.T + bias, h @ w_rec.T + inner, h)
        outputs.append(h)
    return torch.stack(outputs, 1), h
