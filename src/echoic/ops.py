"""The seam to the recurrent arithmetic: one function a cell, for whole sequences.

`lstm` and `gru` run the fastest implementation that is available; `lstm_reference` and `gru_reference` are the
same equations, readable, and the oracle that every implementation is tested against. Gate order (i f g o, r z n)
and GRU variant are torch's. All arrays are batch first.
"""

import os
from typing import Any

import torch
from torch import Tensor

from echoic.errors import KernelError

AVAILABLE = ("off",)
"""Names that `ECHOIC_KERNEL` may take here besides `auto`; `off` is torch's own fused layers."""


def kernel() -> str:
    """The implementation in use, chosen by the environment variable `ECHOIC_KERNEL` (default `auto`).

    Raises:
        KernelError: the name is not available on this machine.
    """
    wanted = os.environ.get("ECHOIC_KERNEL", "auto")
    if wanted == "auto":
        return AVAILABLE[0]
    if wanted not in AVAILABLE:
        raise KernelError(f"`ECHOIC_KERNEL` must be one of auto, {', '.join(AVAILABLE)}, got {wanted!r}.")
    return wanted


def lstm(x: Tensor, h: Tensor, c: Tensor, w_in: Tensor, w_rec: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One LSTM layer over a sequence (Hochreiter and Schmidhuber 1997, with the forget gate of Gers 1999).

    Args:
        x: `(batch, steps, inputs)`.
        h: `(batch, hidden)`, the state before the first step.
        c: `(batch, hidden)`, the cell before the first step.
        w_in: `(4 * hidden, inputs)`, rows in the order i f g o.
        w_rec: `(4 * hidden, hidden)`.
        bias: `(4 * hidden,)`, one vector for each gate.

    Returns:
        Hidden vectors `(batch, steps, hidden)`, then `h` and `c` after the last step.
    """
    kernel()
    weights = [w_in, w_rec, bias, torch.zeros_like(bias)]
    y, h_end, c_end = torch.lstm(x, [h[None], c[None]], weights, **_one_layer())
    return y, h_end[0], c_end[0]


def gru(x: Tensor, h: Tensor, w_in: Tensor, w_rec: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """One GRU layer over a sequence (Cho 2014, in the variant that resets after the recurrent product).

    Shapes as in `lstm`, with three gates in the order r z n.
    """
    kernel()
    weights = [w_in, w_rec, bias, torch.zeros_like(bias)]
    y, h_end = torch.gru(x, h[None], weights, **_one_layer())
    return y, h_end[0]


def _one_layer() -> dict[str, Any]:
    """Torch's fused layers, for one layer in one direction, batch first."""
    return {
        "has_biases": True,
        "num_layers": 1,
        "dropout": 0.0,
        "train": torch.is_grad_enabled(),
        "bidirectional": False,
        "batch_first": True,
    }


def gru_update(from_input: Tensor, from_state: Tensor, h: Tensor) -> Tensor:
    """One GRU step when both products `(..., 3 * hidden)` are known, for h `(..., hidden)`.

    All three broadcast, so one state may step in many directions at once.
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


def gru_reference(x: Tensor, h: Tensor, w_in: Tensor, w_rec: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """`gru`, step by step in plain torch."""
    outputs = []
    for x_t in x.unbind(1):
        h = gru_update(x_t @ w_in.T + bias, h @ w_rec.T, h)
        outputs.append(h)
    return torch.stack(outputs, 1), h
