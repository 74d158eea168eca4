"""One recurrent layer over sequences, by the kernels where they can and by torch elsewhere."""

import torch
from torch import Tensor

from echoic.errors import ShapeError
from echoic.ops import fused
from echoic.ops.choice import kernel

Lengths = Tensor | None
"""`(batch,)` integers, how many steps each row has; None: all of them."""


def lstm(
    x: Tensor,
    h: Tensor,
    c: Tensor,
    w_in: Tensor,
    w_rec: Tensor,
    bias: Tensor,
    *,
    lengths: Lengths = None,
    reverse: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """One LSTM layer over a sequence (Hochreiter and Schmidhuber 1997, with the forget gate of Gers 1999).

    Args:
        x: `(batch, steps, inputs)`.
        h: `(batch, hidden)`, the state before the first step.
        c: `(batch, hidden)`, the cell before the first step.
        w_in: `(4 * hidden, inputs)`, rows in the order i f g o.
        w_rec: `(4 * hidden, hidden)`.
        bias: `(4 * hidden,)`, one vector for each gate.
        lengths: `(batch,)`, how many steps each row has, 0 to `steps`; by default all have `steps`.
        reverse: read each row from its last step to its first.

    Returns:
        Hidden vectors `(batch, steps, hidden)`, zero beyond a row's length, then `h` and `c` after each row's own
        last step.

    Raises:
        KernelError: `ECHOIC_KERNEL` names a kernel that is not available.
        ShapeError: shapes do not belong together, or a length is out of range.
    """
    _check(x, (h, c), w_in, w_rec, bias, 4, lengths)
    target = kernel()
    if _runs_on(target, x):
        from echoic.ops import compiled

        return compiled.lstm(x, h, c, w_in, w_rec, bias, lengths, reverse=reverse, target=target)
    return fused.lstm(x, h, c, w_in, w_rec, bias, lengths, reverse=reverse)


def gru(
    x: Tensor,
    h: Tensor,
    w_in: Tensor,
    w_rec: Tensor,
    bias: Tensor,
    bias_rec: Tensor | None = None,
    *,
    lengths: Lengths = None,
    reverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """One GRU layer over a sequence (Cho 2014, in the variant that resets after the recurrent product).

    Shapes as in `lstm`, with three gates in the order r z n. `bias_rec` `(hidden,)` is added to the recurrent product
    of the new value, inside what the reset gate scales.
    """
    _check(x, (h,), w_in, w_rec, bias, 3, lengths)
    target = kernel()
    if _runs_on(target, x):
        from echoic.ops import compiled

        return compiled.gru(x, h, w_in, w_rec, bias, bias_rec, lengths, reverse=reverse, target=target)
    return fused.gru(x, h, w_in, w_rec, bias, bias_rec, lengths, reverse=reverse)


def _runs_on(target: str, x: Tensor) -> bool:
    """Whether the kernel named `target` computes for `x`; float64 is for checks, by the scalar one."""
    if target == "off" or x.device.type != "cpu":
        return False
    return x.dtype == torch.float32 or (x.dtype == torch.float64 and target == "scalar")


def _check(
    x: Tensor, state: tuple[Tensor, ...], w_in: Tensor, w_rec: Tensor, bias: Tensor, gates: int, lengths: Lengths
) -> None:
    """Kernels read memory by these sizes: they have to be right."""
    hidden = w_rec.shape[1] if w_rec.ndim == 2 else 0
    batch = x.shape[0]
    if x.ndim != 3 or w_in.shape != (gates * hidden, x.shape[2]) or w_rec.shape != (gates * hidden, hidden):
        raise ShapeError(
            f"x must be (batch, steps, inputs), w_in ({gates} * hidden, inputs) and w_rec ({gates} * hidden, hidden), "
            f"got {tuple(x.shape)}, {tuple(w_in.shape)} and {tuple(w_rec.shape)}."
        )
    if bias.shape != (gates * hidden,) or any(vector.shape != (batch, hidden) for vector in state):
        shapes = ", ".join(str(tuple(vector.shape)) for vector in state)
        raise ShapeError(
            f"The state must be ({batch}, {hidden}) and the bias ({gates * hidden},), "
            f"got {shapes} and {tuple(bias.shape)}."
        )
    if lengths is None:
        return
    if lengths.shape != (batch,) or lengths.is_floating_point():
        raise ShapeError(f"`lengths` must be ({batch},) integers, got {tuple(lengths.shape)} of {lengths.dtype}.")
    if batch and not (0 <= int(lengths.min()) and int(lengths.max()) <= x.shape[1]):
        raise ShapeError(f"`lengths` must lie within 0 and {x.shape[1]}, got {lengths.tolist()}.")
