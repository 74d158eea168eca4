"""One recurrent layer over sequences, on the compiled kernels where they apply and on torch elsewhere."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from echoic.errors import KernelError, ShapeError
from echoic.ops import fused
from echoic.ops.choice import kernel
from echoic.ops.compiled import LayerInputs, in_lanes, layer
from echoic.ops.precision import as_weights, rounds_products
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

    Under torch's autocast with bfloat16 the operands of products are rounded to it; sums and results are in float32.

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
        ShapeError: shapes, types or devices do not match, or a length is out of range.
    """
    x, h, c = (as_weights(one, w_in) for one in (x, h, c))
    _check(x.shape, x, (h, c), w_in, w_rec, (bias,), lengths, gates=4)
    if _is_transformed(x, h, c, w_in, w_rec, bias):
        _check_transformed(lengths, reverse=reverse)
        return lstm_reference(x, h, c, w_in, w_rec, bias)
    target = kernel()
    if _supports(target, x):
        inputs = LayerInputs(x, h, c, w_in, w_rec, bias, None, lengths)
        return layer("lstm", inputs, reverse=reverse, target=target, rounded=rounds_products(x))
    weights = [w_in, w_rec, bias, torch.zeros_like(bias)]
    y, (h_end, c_end) = fused.layer(torch.lstm, x, (h, c), weights, lengths, reverse=reverse)
    return as_weights(y, w_in), as_weights(h_end, w_in), as_weights(c_end, w_in)


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
    biases = (bias,) if bias_rec is None else (bias, bias_rec)
    x, h = as_weights(x, w_in), as_weights(h, w_in)
    _check(x.shape, x, (h,), w_in, w_rec, biases, lengths, gates=3)
    if _is_transformed(x, h, w_in, w_rec, bias):
        _check_transformed(lengths, reverse=reverse)
        return gru_reference(x, h, w_in, w_rec, bias, bias_rec)
    target = kernel()
    if _supports(target, x):
        inner = w_rec.new_zeros(w_rec.shape[1]) if bias_rec is None else bias_rec
        inputs = LayerInputs(x, h, None, w_in, w_rec, bias, inner, lengths)
        return layer("gru", inputs, reverse=reverse, target=target, rounded=rounds_products(x))[:2]
    inner = torch.zeros_like(bias) if bias_rec is None else torch.nn.functional.pad(bias_rec, (2 * len(bias_rec), 0))
    y, (h_end,) = fused.layer(torch.gru, x, (h,), [w_in, w_rec, bias, inner], lengths, reverse=reverse)
    return as_weights(y, w_in), as_weights(h_end, w_in)


StackWeights = tuple[Tensor, Tensor, Tensor, Tensor | None]
"""`w_in`, `w_rec`, `bias` and a GRU's `bias_rec`, as in `lstm` and `gru`."""


def stack(
    x: Float[Tensor, "batch steps inputs"],
    state: tuple[Float[Tensor, "layers batch hidden"], ...],
    weights: list[StackWeights],
    lengths: Lengths = None,
) -> tuple[Tensor, tuple[Tensor, ...]] | None:
    """Several layers, each over the hidden vectors of the one below, in one call of the kernels.

    They are LSTM layers if the state is `h` and `c`, GRU layers if it is `h` alone.

    Returns:
        The hidden vectors of the last layer, and the state of all layers after each row's last valid step; or None
        where layers must run one by one: on torch's own layers, and where vectors do not hold rows.

    Raises:
        As `lstm`.
    """
    cell, gates = ("lstm", 4) if len(state) == 2 else ("gru", 3)
    x, state = as_weights(x, weights[0][0]), tuple(as_weights(one, weights[0][0]) for one in state)
    target = kernel()
    tensors = [one for four in weights for one in four if one is not None]
    if not _supports(target, x) or _is_transformed(x, *state, *tensors):
        return None
    h, *others = state
    if cell == "gru":
        none = h.new_zeros(h.shape[-1])
        weights = [(w_in, w_rec, bias, none if inner is None else inner) for w_in, w_rec, bias, inner in weights]
    upper = tuple(one for four in weights[1:] for one in four)
    inputs = LayerInputs(x, h, others[0] if others else None, *weights[0], lengths, upper)
    if not in_lanes(inputs, target):
        return None
    sizes = x.shape
    for w_in, w_rec, bias, bias_rec in weights:
        biases = (bias,) if bias_rec is None else (bias, bias_rec)
        _check(sizes, x, state, w_in, w_rec, biases, lengths, gates=gates, layers=(len(weights),))
        sizes = torch.Size((*sizes[:2], w_rec.shape[1]))
    y, *ends = layer(cell, inputs, reverse=False, target=target)
    return y, tuple(ends[: len(state)])


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
    sizes: torch.Size,
    x: Tensor,
    state: tuple[Tensor, ...],
    w_in: Tensor,
    w_rec: Tensor,
    biases: tuple[Tensor, ...],
    lengths: Lengths,
    *,
    gates: int,
    layers: tuple[int, ...] = (),
) -> None:
    """The kernels access memory by these sizes without further checks; `sizes` are those of the layer's input."""
    hidden = w_rec.shape[1] if w_rec.ndim == 2 else 0
    if len(sizes) != 3 or w_in.shape != (gates * hidden, sizes[2]) or w_rec.shape != (gates * hidden, hidden):
        raise ShapeError(
            f"x must be (batch, steps, inputs), w_in ({gates} * hidden, inputs) and w_rec ({gates} * hidden, hidden), "
            f"got {tuple(sizes)}, {tuple(w_in.shape)} and {tuple(w_rec.shape)}."
        )
    batch, steps, _ = sizes
    expected = [(gates * hidden,), (hidden,)][: len(biases)] + [(*layers, batch, hidden)] * len(state)
    if [tuple(one.shape) for one in (*biases, *state)] != expected:
        raise ShapeError(
            f"Biases and state must be {', '.join(map(str, expected))}, "
            f"got {', '.join(str(tuple(one.shape)) for one in (*biases, *state))}."
        )
    others = (*state, w_in, w_rec, *biases)
    if any(one.dtype != x.dtype for one in others):
        raise ShapeError(f"State, weights and biases must be {x.dtype} like x.")
    device = x.device.type
    if any(one.device.type != device for one in others):
        raise ShapeError(f"State, weights and biases must be on {device!r} like x.")
    if lengths is not None:
        _check_lengths(lengths, batch, steps)


def _check_lengths(lengths: Tensor, batch: int, steps: int) -> None:
    if lengths.shape != (batch,) or lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ShapeError(f"`lengths` must be ({batch},) integers, got {tuple(lengths.shape)} of {lengths.dtype}.")
    if batch and not (int(lengths.min()) >= 0 and int(lengths.max()) <= steps):
        raise ShapeError(f"`lengths` must be between 0 and {steps}, got {lengths.tolist()}.")
