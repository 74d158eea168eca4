"""Pooling of neighbouring bands."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def larger_of_pairs(x: Float[Tensor, "*dims bands channels"]) -> Float[Tensor, "*dims pairs channels"]:
    """The larger value of each pair of neighbouring bands; an odd last band is left out.

    Equals `max_pool2d` with kernels of 1 by 2 on tensors whose channels come first, and has its gradient, if that is
    finite, in less time.
    """
    is_traced: bool = torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]
    if x.requires_grad and torch.is_grad_enabled() and not is_traced:
        larger: Tensor = _LargerOfPairs.apply(x)  # type: ignore[no-untyped-call]
        return larger
    return torch.maximum(*_pairs(x))


def _pairs(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 0:-1:2, :], x[..., 1::2, :]


class _LargerOfPairs(torch.autograd.Function):
    """The gradient of a pair is that of its larger value, of the first if they are equal."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return torch.maximum(*_pairs(x))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        del output
        first, second = _pairs(inputs[0])
        ctx.save_for_backward(second > first)
        ctx.bands = inputs[0].shape[-2]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (is_second,) = ctx.saved_tensors
        num_left_out = ctx.bands % 2
        if torch.is_grad_enabled():  # second derivatives and torch.func require plain operations
            grad_second = grad * is_second
            pairs = torch.stack([grad - grad_second, grad_second], -2)
            return functional.pad(pairs.flatten(-3, -2), (0, 0, 0, num_left_out))
        both = grad.new_empty(*grad.shape[:-2], ctx.bands, grad.shape[-1])
        both[..., ctx.bands - num_left_out :, :] = 0
        first, second = _pairs(both)
        torch.mul(grad, is_second, out=second)
        torch.sub(grad, second, out=first)
        return both
