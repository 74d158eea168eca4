"""Layers on the compiled kernels, as torch custom operators.

A layer is one forward and one backward operator, the same two for every cell. Forward saves values for backward in
one opaque tensor, `saved`, in the kernel's own layout; without gradients it stays empty. Second derivatives are not
supported and raise an error; `ECHOIC_KERNEL=off` has them.

The operators are registered with torch's dispatcher directly, because `torch.library.custom_op` took twice as long for
a small layer (0.22 against 0.13 ms for forward and backward together).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from echoic.errors import KernelError
from echoic.ops import layout
from echoic.ops.choice import native

Outputs = tuple[Tensor, Tensor, Tensor, Tensor]
"""`y`, `h_end`, `c_end` (empty for a GRU) and `saved`."""


class LayerInputs(NamedTuple):
    """Tensors of a layer, as in `echoic.ops.lstm` and `gru`; None where the cell has none."""

    x: Tensor
    h: Tensor
    c: Tensor | None
    w_in: Tensor
    w_rec: Tensor
    bias: Tensor
    bias_rec: Tensor | None
    lengths: Tensor | None
    upper: tuple[Tensor | None, ...] = ()
    """Four of each layer above the first; `h` and `c` are then `(layers, batch, hidden)`."""

    @classmethod
    def of(cls, tensors: Sequence[Any]) -> "LayerInputs":
        """From the operators' flat list."""
        x, h, c, w_in, w_rec, bias, bias_rec, lengths, *upper = tensors
        return cls(x, h, c, w_in, w_rec, bias, bias_rec, lengths, tuple(upper))

    def flat(self) -> list[Tensor | None]:
        """The operators' list."""
        return [*self[:8], *self.upper]

    @property
    def weights(self) -> list[Tensor | None]:
        """Four for each layer."""
        return [self.w_in, self.w_rec, self.bias, self.bias_rec, *self.upper]

    @property
    def sizes(self) -> tuple[int, int, int, int, int]:
        """Batch, steps, inputs, hidden, layers."""
        batch, steps, width = self.x.shape
        return batch, steps, width, self.h.shape[-1], 1 + len(self.upper) // 4


class LayerCall(NamedTuple):
    """Other arguments of a kernel call.

    `blocks` of rows are processed in parallel; with `in_lanes`, vectors hold rows rather than units; with `rounded`,
    the operands of products are rounded to bfloat16.
    """

    cell: str
    reverse: bool
    target: str
    blocks: int
    in_lanes: bool
    rounded: bool


def layer(
    cell: str, inputs: LayerInputs, *, reverse: bool, target: str, rounded: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden vectors, then h and c (empty for a GRU) after the last step, from the kernels of `target`.

    Several layers must be `in_lanes`, where nothing is `rounded`.
    """
    lengths = inputs.lengths
    if lengths is not None:
        inputs = inputs._replace(lengths=lengths.to("cpu", torch.int64))
    tensors = [None if one is None else one.contiguous() for one in inputs.flat()]
    save = torch.is_grad_enabled() and any(one is not None and one.requires_grad for one in tensors)
    blocks = _blocks(inputs.sizes)
    lanes = in_lanes(inputs, target)
    call = LayerCall(cell, reverse, target, blocks, lanes, rounded and not lanes)
    y, h_end, c_end, _ = _layer(tensors, *call, save)
    return y, h_end, c_end


def in_lanes(inputs: LayerInputs, target: str) -> bool:
    """Whether vectors hold rows rather than units: only then may there be several layers."""
    batch, _, _, hidden, layers = inputs.sizes
    return layout.in_lanes(batch, hidden, layers, _blocks(inputs.sizes), layout.vector_width(target, inputs.x.dtype))


def _blocks(sizes: tuple[int, ...]) -> int:
    """One for each thread, and one alone where an exported program leaves the sizes open."""
    is_open = not all(isinstance(size, int) for size in sizes)
    return 1 if is_open else max(1, min(layout.threads(*sizes), sizes[0]))


def _addresses(*tensors: Tensor | None) -> list[int]:
    return [0 if one is None else one.data_ptr() for one in tensors]


def _run(kernel: Any, inputs: LayerInputs, call: LayerCall, tensors: Sequence[Tensor | None]) -> None:
    """Calls the kernel on contiguous tensors, in the order of the structs in kernel/kernels.h."""
    *sizes, layers = inputs.sizes
    dimensions = [*sizes, int(call.reverse), call.blocks, int(call.in_lanes), int(call.rounded), layers]
    (lengths,) = _addresses(inputs.lengths)
    is_double = inputs.x.dtype == torch.float64
    kernel(call.target, call.cell, is_double, dimensions, lengths, _addresses(*tensors), layout.threads(*inputs.sizes))


_library = torch.library.Library("echoic", "DEF")
_library.define(
    "layer(Tensor?[] inputs, str cell, bool reverse, str target, int blocks, bool in_lanes, bool rounded, "
    "bool save) "
    "-> (Tensor, Tensor, Tensor, Tensor)"
)
_library.define(
    "layer_backward(Tensor?[] grad_outputs, Tensor?[] inputs, Tensor y, Tensor saved, "
    "str cell, bool reverse, str target, int blocks, bool in_lanes, bool rounded, bool needs_dx) -> Tensor[]"
)
_layer = torch.ops.echoic.layer.default
_layer_backward = torch.ops.echoic.layer_backward.default


@torch.library.register_fake("echoic::layer", lib=_library)  # type: ignore[untyped-decorator]
def _outputs(tensors: Sequence[Any], *settings: Any) -> Outputs:
    """Empty tensors of the right shapes."""
    inputs, call, save = LayerInputs.of(tensors), LayerCall(*settings[:-1]), settings[-1]
    sizes = batch, steps, _, hidden, _ = inputs.sizes
    vector = layout.vector_width(call.target, inputs.x.dtype)
    saved = layout.saved_size(call.cell, sizes, call.blocks, vector, is_in_lanes=call.in_lanes) if save else 0
    return (
        inputs.x.new_empty(batch, steps, hidden),
        torch.empty_like(inputs.h),
        inputs.x.new_empty(0) if inputs.c is None else torch.empty_like(inputs.c),
        inputs.x.new_empty(saved),
    )


@torch.library.impl(_library, "layer", "CPU")
def _forward(tensors: Sequence[Any], *settings: Any) -> Outputs:
    outputs: Outputs = _outputs(tensors, *settings)
    inputs, save = LayerInputs.of(tensors), settings[-1]
    y, h_end, c_end, saved = outputs
    arguments = inputs.x, inputs.h, inputs.c, y, h_end, c_end, saved if save else None
    _run(native.forward, inputs, LayerCall(*settings[:-1]), [*arguments, *inputs.weights])
    return outputs


@torch.library.register_fake("echoic::layer_backward", lib=_library)  # type: ignore[untyped-decorator]
def _gradients(_grad_outputs: Any, tensors: Sequence[Any], _y: Tensor, _saved: Tensor, *settings: Any) -> list[Tensor]:
    """Empty tensors like x, h, c and the weights of all layers, of size zero where no gradient is needed."""
    inputs, needs_dx = LayerInputs.of(tensors), settings[-1]
    needed = [inputs.x if needs_dx else None, inputs.h, inputs.c, *inputs.weights]
    return [inputs.x.new_empty(0) if one is None else torch.empty_like(one) for one in needed]


@torch.library.impl(_library, "layer_backward", "CPU")
def _backward(
    grad_outputs: Sequence[Any], tensors: Sequence[Any], y: Tensor, saved: Tensor, *settings: Any
) -> list[Tensor]:
    gradients: list[Tensor] = _gradients(grad_outputs, tensors, y, saved, *settings)
    inputs, needs_dx = LayerInputs.of(tensors), settings[-1]
    dx, dh, dc, *others = gradients
    arguments = inputs.x, inputs.h, inputs.c, y, saved, *grad_outputs, dx if needs_dx else None, dh, dc
    _run(native.backward, inputs, LayerCall(*settings[:-1]), [*arguments, *inputs.weights, *others])
    return gradients


class _LayerFunction(torch.autograd.Function):
    """A layer for autograd."""

    @staticmethod
    def forward(ctx: Any, call: LayerCall, save: bool, *tensors: Tensor | None) -> Outputs:  # noqa: FBT001
        with torch._C._AutoDispatchBelowAutograd():  # noqa: SLF001 (torch's documented way)
            outputs: Outputs = _layer(tensors, *call, save)
        y, _, _, saved = outputs
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(saved)
        ctx.save_for_backward(y, saved, *tensors)
        ctx.call = call
        return outputs

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor | None) -> tuple[Any, ...]:
        y, saved, *tensors = ctx.saved_tensors
        dense = [None if one is None else one.contiguous() for one in grad_outputs[:3]]
        needs_dx = ctx.needs_input_grad[2]
        gradients: list[Tensor | None] = list(_layer_backward(dense, tensors, y, saved, *ctx.call, needs_dx))
        gradients.insert(LayerInputs._fields.index("lengths"), None)
        needs = ctx.needs_input_grad[2:]
        return None, None, *(one if need else None for one, need in zip(gradients, needs, strict=True))


@torch.library.impl(_library, "layer", "AutogradCPU")
def _apply(tensors: Sequence[Any], *settings: Any) -> Outputs:
    outputs: Outputs = _LayerFunction.apply(LayerCall(*settings[:-1]), settings[-1], *tensors)  # type: ignore[no-untyped-call]
    return outputs


class _OnceDifferentiable(torch.autograd.Function):
    """Gradients without second derivatives; an error, as a gradient penalty would silently be zero otherwise."""

    @staticmethod
    def forward(_ctx: Any, settings: tuple[Any, ...], y: Tensor, saved: Tensor, *tensors: Tensor | None) -> Any:
        with torch._C._AutoDispatchBelowAutograd():  # noqa: SLF001
            return tuple(_layer_backward(tensors[:3], tensors[3:], y, saved, *settings))

    @staticmethod
    def backward(_ctx: Any, *_grad_outputs: Tensor | None) -> Any:
        raise KernelError(
            "The compiled kernels have no second derivatives; set `ECHOIC_KERNEL=off` for torch's layers."
        )


@torch.library.impl(_library, "layer_backward", "AutogradCPU")
def _apply_backward(
    grad_outputs: Sequence[Any], tensors: Sequence[Any], y: Tensor, saved: Tensor, *settings: Any
) -> list[Tensor]:
    if torch.is_grad_enabled():
        return list(_OnceDifferentiable.apply(settings, y, saved, *grad_outputs, *tensors))  # type: ignore[no-untyped-call]
    with torch._C._AutoDispatchBelowAutograd():  # noqa: SLF001
        gradients: list[Tensor] = _layer_backward(grad_outputs, tensors, y, saved, *settings)
    return gradients
