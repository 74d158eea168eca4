"""The layers by the compiled kernels, as torch custom operators: the only module that runs `echoic._kernel`.

A layer is one operator forward and one backward, the same two for every cell. What forward leaves for backward lies in
one opaque tensor, `saved`, in the kernel's own layout; without gradients it stays empty. Second derivatives are not
there: torch says so when they are asked for, and `ECHOIC_KERNEL=off` has them.

The operators are registered with torch's dispatcher directly: `torch.library.custom_op` does the same in more steps,
which took twice as long for a small layer (0.22 against 0.11 ms for forward and backward together).
"""

from typing import Any

import torch
from torch import Tensor

from echoic import _kernel

Outputs = tuple[Tensor, Tensor, Tensor, Tensor]
"""`y`, `h_end`, `c_end` (empty without a cell) and `saved`."""

Gradients = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
"""Those of x, h, c, w_in, w_rec, bias and bias_rec; empty where there is no such tensor or nobody asks."""

_SMALL = 100_000
"""Multiplications below which a second thread costs more than it brings."""

_SLOTS = {"lstm": 5, "gru": 4}
"""Numbers that each unit of one row and step leaves for backward."""


def lstm(
    x: Tensor,
    h: Tensor,
    c: Tensor,
    w_in: Tensor,
    w_rec: Tensor,
    bias: Tensor,
    lengths: Tensor | None,
    *,
    reverse: bool,
    target: str,
) -> tuple[Tensor, Tensor, Tensor]:
    """`echoic.ops.lstm`, by the kernels of `target`."""
    tensors = [x, h, c, w_in, w_rec, bias, None]
    y, h_end, c_end, _ = _apply("lstm", tensors, lengths, reverse=reverse, target=target)
    return y, h_end, c_end


def gru(
    x: Tensor,
    h: Tensor,
    w_in: Tensor,
    w_rec: Tensor,
    bias: Tensor,
    bias_rec: Tensor | None,
    lengths: Tensor | None,
    *,
    reverse: bool,
    target: str,
) -> tuple[Tensor, Tensor]:
    """`echoic.ops.gru`, by the kernels of `target`."""
    inner = w_rec.new_zeros(w_rec.shape[1]) if bias_rec is None else bias_rec
    tensors = [x, h, None, w_in, w_rec, bias, inner]
    y, h_end, _, _ = _apply("gru", tensors, lengths, reverse=reverse, target=target)
    return y, h_end


def _apply(
    cell: str, tensors: list[Tensor | None], lengths: Tensor | None, *, reverse: bool, target: str
) -> Outputs:
    ready = [None if one is None else one.contiguous() for one in tensors]
    rows = None if lengths is None else lengths.to("cpu", torch.int64).contiguous()
    save = torch.is_grad_enabled() and any(one is not None and one.requires_grad for one in tensors)
    x, h = ready[:2]
    blocks = 1 if x is None or h is None else max(1, min(_threads(x, h), len(x)))
    outputs: Outputs = _layer(cell, *ready, rows, reverse, target, save, blocks)
    return outputs


def _threads(x: Tensor, h: Tensor) -> int:
    batch, steps, inputs = x.shape
    hidden = h.shape[1]
    return torch.get_num_threads() if batch * steps * hidden * (inputs + hidden) >= _SMALL else 1


def _dimensions(x: Tensor, h: Tensor, *, reverse: bool, blocks: int) -> list[int]:
    return [*x.shape, h.shape[1], int(reverse), blocks]


def _addresses(*tensors: Tensor | None) -> list[int]:
    return [0 if one is None else one.data_ptr() for one in tensors]


_library = torch.library.Library("echoic", "DEF")
_library.define(
    "layer(str cell, Tensor x, Tensor h, Tensor? c, Tensor w_in, Tensor w_rec, Tensor bias, Tensor? bias_rec, "
    "Tensor? lengths, bool reverse, str target, bool save, int blocks) -> (Tensor, Tensor, Tensor, Tensor)"
)
_library.define(
    "layer_backward(str cell, Tensor? dy, Tensor? dh_end, Tensor? dc_end, Tensor x, Tensor h, Tensor? c, Tensor w_in, "
    "Tensor w_rec, Tensor y, Tensor saved, Tensor? lengths, bool reverse, str target, int blocks, bool for_x) "
    "-> (Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor)"
)
_layer = torch.ops.echoic.layer.default
_layer_backward = torch.ops.echoic.layer_backward.default


@torch.library.impl(_library, "layer", "CPU")
def _run(
    cell: str, x: Tensor, h: Tensor, c: Tensor | None, w_in: Tensor, w_rec: Tensor, bias: Tensor,
    bias_rec: Tensor | None, lengths: Tensor | None, reverse: bool, target: str, save: bool, blocks: int,  # noqa: FBT001
) -> Outputs:  # fmt: skip
    outputs = _outputs(cell, x, h, c, w_in, w_rec, bias, bias_rec, lengths, reverse, target, save, blocks)
    y, h_end, c_end, saved = outputs
    addresses = _addresses(w_in, w_rec, bias, bias_rec, x, h, c, y, h_end, c_end, saved if save else None)
    dimensions = _dimensions(x, h, reverse=reverse, blocks=blocks)
    is_double = x.dtype == torch.float64
    _kernel.forward(target, cell, is_double, dimensions, *_addresses(lengths), addresses, _threads(x, h))
    return outputs


@torch.library.register_fake("echoic::layer", lib=_library)
def _outputs(
    cell: str, x: Tensor, h: Tensor, c: Tensor | None, w_in: Tensor, w_rec: Tensor, bias: Tensor,
    bias_rec: Tensor | None, lengths: Tensor | None, reverse: bool, target: str, save: bool, blocks: int,  # noqa: FBT001
) -> Outputs:  # fmt: skip
    batch, steps, _ = x.shape
    width = _kernel.width(target) if x.dtype == torch.float32 else 1
    hidden = h.shape[1]
    saved = batch * steps * ((hidden + width - 1) // width) * width * _SLOTS[cell] if save else 0
    return (
        x.new_empty(batch, steps, hidden),
        torch.empty_like(h),
        x.new_empty(0) if c is None else torch.empty_like(c),
        x.new_empty(saved),
    )


@torch.library.impl(_library, "layer_backward", "CPU")
def _run_backward(
    cell: str, dy: Tensor | None, dh_end: Tensor | None, dc_end: Tensor | None, x: Tensor, h: Tensor, c: Tensor | None,
    w_in: Tensor, w_rec: Tensor, y: Tensor, saved: Tensor, lengths: Tensor | None, reverse: bool, target: str,  # noqa: FBT001
    blocks: int, for_x: bool,  # noqa: FBT001
) -> Gradients:  # fmt: skip
    gradients = _gradients(
        cell, dy, dh_end, dc_end, x, h, c, w_in, w_rec, y, saved, lengths, reverse, target, blocks, for_x
    )
    dx, *others = gradients
    addresses = _addresses(w_in, w_rec, x, h, c, y, saved, dy, dh_end, dc_end, dx if for_x else None, *others)
    dimensions = _dimensions(x, h, reverse=reverse, blocks=blocks)
    is_double = x.dtype == torch.float64
    _kernel.backward(target, cell, is_double, dimensions, *_addresses(lengths), addresses, _threads(x, h))
    return gradients


@torch.library.register_fake("echoic::layer_backward", lib=_library)
def _gradients(
    cell: str, dy: Tensor | None, dh_end: Tensor | None, dc_end: Tensor | None, x: Tensor, h: Tensor, c: Tensor | None,
    w_in: Tensor, w_rec: Tensor, y: Tensor, saved: Tensor, lengths: Tensor | None, reverse: bool, target: str,  # noqa: FBT001
    blocks: int, for_x: bool,  # noqa: FBT001
) -> Gradients:  # fmt: skip
    is_lstm = c is not None
    return (
        torch.empty_like(x) if for_x else x.new_empty(0),
        torch.empty_like(h),
        x.new_empty(0) if c is None else torch.empty_like(c),
        torch.empty_like(w_in),
        torch.empty_like(w_rec),
        w_in.new_empty(len(w_in)),
        w_in.new_empty(0 if is_lstm else h.shape[1]),
    )


class _Differentiable(torch.autograd.Function):
    """What autograd sees of a layer."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Outputs:
        cell, x, h, c, w_in, w_rec, _, _, lengths, reverse, target, _, blocks = arguments
        with torch._C._AutoDispatchBelowAutograd():
            outputs: Outputs = _layer(*arguments)
        y, _, _, saved = outputs
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(saved)
        ctx.save_for_backward(x, h, c, w_in, w_rec, y, saved, lengths)
        ctx.settings = cell, reverse, target, blocks
        return outputs

    @staticmethod
    def backward(ctx: Any, *incoming: Tensor | None) -> tuple[Tensor | None, ...]:
        cell, reverse, target, blocks = ctx.settings
        *tensors, lengths = ctx.saved_tensors
        dense = [None if one is None else one.contiguous() for one in incoming[:3]]
        for_x = ctx.needs_input_grad[1]
        dx, dh, dc, dw_in, dw_rec, dbias, dbias_rec = _layer_backward(
            cell, *dense, *tensors, lengths, reverse, target, blocks, for_x
        )
        is_lstm = cell == "lstm"
        return (None, dx if for_x else None, dh, dc if is_lstm else None, dw_in, dw_rec, dbias,
                None if is_lstm else dbias_rec, None, None, None, None, None)  # fmt: skip


torch.library.impl(_library, "layer", "AutogradCPU")(_Differentiable.apply)
