"""One recurrent layer over sequences, on the compiled kernels where they apply and on torch elsewhere."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from echoic.errors import KernelError, ShapeError
from echoic.ops import fused
from echoic.ops.choice import kernel
from echoic.ops.compiled import LayerInputs, layer
from echoic.ops.reference import gru_reference, lstm_reference

Lengths = Integer[Tensor, "batch"] | None
"""The number of valid steps of each row, 0 to `steps`; None: all."""


def lstm(
    x: Float[Tensor, "batch steps inputs"],
    h: Float[Tensor, "batch hidden"],
    c: Float[Tensor, "batch hidden"],
    w_in: Float[Tensor, "4*hidden inputs"],
    w_rec: Float[Tensor, "4*hidden hidden"],
    bias: Float[Tensor, "4*hidden"],
    *,
    lengths: Lengths = None,
    reverse: bool = False,
) -> tuple[Float[Tensor, "batch steps hidden"], Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]:
    """One LSTM layer over a sequence (Hochreiter and Schmidhuber 1997, with the forget gate of Gers 1999).

    Args:
        x: the input.
        h: the state before the first step.
        c: the cell state before the first step.
        w_in: input weights, rows in the order i f g o.
        w_rec: recurrent weights, in the same order.
        bias: one for both products.
        lengths: the number of valid steps of each row, 0 to `steps`; by default `steps`.
        reverse: run each row from its last valid step to its first.

    Returns:
        Hidden vectors, zero beyond a row's length, then `h` and `c` after each row's last
        valid step.

    Raises:
        KernelError: `ECHOIC_KERNEL` names a kernel that is not available.
        ShapeError: shapes do not match, or a length is out of range.
    """
    _check(x, (h, c), w_in, w_rec, (bias,), lengths, gates=4)
    if _is_transformed(x, h, c, w_in, w_rec, bias):
        _check_transformed(lengths, reverse=reverse)
        return lstm_reference(x, h, c, w_in, w_rec, bias)
    target = kernel()
    if _supports(target, x):
        inputs = LayerInputs(x, h, c, w_in, w_rec, bias, None, lengths)
        return layer("lstm", inputs, reverse=reverse, target=target)
    weights = [w_in, w_rec, bias, torch.zeros_like(bias)]
    y, (h_end, c_end) = fused.layer(torch.lstm, x, (h, c), weights, lengths, reverse=reverse)
    return y, h_end, c_end


def gru(
    x: Float[Tensor, "batch steps inputs"],
    h: Float[Tensor, "batch hidden"],
    w_in: Float[Tensor, "3*hidden inputs"],
    w_rec: Float[Tensor, "3*hidden hidden"],
    bias: Float[Tensor, "3*hidden"],
    bias_rec: Float[Tensor, "hidden"] | None = None,
    *,
    lengths: Lengths = None,
    reverse: bool = False,
) -> tuple[Float[Tensor, "batch steps hidden"], Float[Tensor, "batch hidden"]]:
    """One GRU layer over a sequence (Cho 2014, in the variant that resets after the recurrent product).

    Arguments as in `lstm`, with three gates in the order r z n. `bias_rec` is added to the recurrent product of the
    candidate n before the reset gate scales it.
    """
    _check(x, (h,), w_in, w_rec, (bias,) if bias_rec is None else (bias, bias_rec), lengths, gates=3)
    if _is_transformed(x, h, w_in, w_rec, bias):
        _check_transformed(lengths, reverse=reverse)
        return gru_reference(x, h, w_in, w_rec, bias, bias_rec)
    target = kernel()
    if _supports(target, x):
        inner = w_rec.new_zeros(w_rec.shape[1]) if bias_rec is None else bias_rec
        inputs = LayerInputs(x, h, None, w_in, w_rec, bias, inner, lengths)
        return layer("gru", inputs, reverse=reverse, target=target)[:2]
    inner = torch.zeros_like(bias) if bias_rec is None else torch.nn.functional.pad(bias_rec, (2 * len(bias_rec), 0))
    y, (h_end,) = fused.layer(torch.gru, x, (h,), [w_in, w_rec, bias, inner], lengths, reverse=reverse)
    return y, h_end


def _supports(target: str, x: Tensor) -> bool:
    """Whether the kernel named `target` supports `x`; float64 is for tests, on the scalar one."""
    if target == "off" or x.device.type != "cpu" or fused.is_traced():
        return False
    return x.dtype == torch.float32 or (x.dtype == torch.float64 and target == "scalar")


def _is_transformed(*tensors: Tensor) -> bool:
    """Whether torch.func looks inside: vmap, grad, jvp. They see through plain operations, and not into kernels."""
    if torch.compiler.is_compiling():
        return False
    return any(torch._C._functorch.is_functorch_wrapped_tensor(one) for one in tensors)  # noqa: SLF001 (torch's own test)


def _check_transformed(lengths: Lengths, *, reverse: bool) -> None:
    if lengths is not None or reverse:
        raise KernelError(
            "Under torch.func (vmap, grad) layers run forwards over rows of equal length only; "
            "remove the packing or the second direction, or use `torch.nn`."
        )


def _check(
    x: Tensor,
    state: tuple[Tensor, ...],
    w_in: Tensor,
    w_rec: Tensor,
    biases: tuple[Tensor, ...],
    lengths: Lengths,
    *,
    gates: int,
) -> None:
    """The kernels access memory by these sizes without further checks."""
    hidden = w_rec.shape[1] if w_rec.ndim == 2 else 0
    if x.ndim != 3 or w_in.shape != (gates * hidden, x.shape[2]) or w_rec.shape != (gates * hidden, hidden):
        raise ShapeError(
            f"x must be (batch, steps, inputs), w_in ({gates} * hidden, inputs) and w_rec ({gates} * hidden, hidden), "
            f"got {tuple(x.shape)}, {tuple(w_in.shape)} and {tuple(w_rec.shape)}."
        )
    batch, steps, _ = x.shape
    expected = [(gates * hidden,), (hidden,)][: len(biases)] + [(batch, hidden)] * len(state)
    if [tuple(one.shape) for one in (*biases, *state)] != expected:
        raise ShapeError(
            f"Biases and state must be {', '.join(map(str, expected))}, "
            f"got {', '.join(str(tuple(one.shape)) for one in (*biases, *state))}."
        )
    if any(one.dtype != x.dtype for one in (*state, w_in, w_rec, *biases)):
        raise ShapeError(f"State, weights and biases must be {x.dtype} like x.")
    if lengths is not None:
        _check_lengths(lengths, batch, steps)


def _check_lengths(lengths: Tensor, batch: int, steps: int) -> None:
    if lengths.shape != (batch,) or lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ShapeError(f"`lengths` must be ({batch},) integers, got {tuple(lengths.shape)} of {lengths.dtype}.")
    if batch and not (int(lengths.min()) >= 0 and int(lengths.max()) <= steps):
        raise ShapeError(f"`lengths` must be between 0 and {steps}, got {lengths.tolist()}.")
