"""Gradients by hand that cannot be differentiated themselves, and say so."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from echoic.errors import KernelError

Backward = Callable[..., tuple[Tensor | None, ...]]


def first_order(backward: Backward) -> Backward:
    """Decorates the `backward` of a function for autograd that has first derivatives only.

    With `create_graph=True` the gradients are tensors that raise KernelError when they are differentiated. Those of
    torch's `once_differentiable` are constants, so that a gradient penalty would silently be zero.
    """

    @functools.wraps(backward)
    def wrapped(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        if not torch.is_grad_enabled():
            return backward(ctx, *grads)
        given = [one for one in (*grads, *ctx.saved_tensors) if one is not None]
        gradients: tuple[Tensor | None, ...] = _FirstOrder.apply(lambda: backward(ctx, *grads), *given)  # type: ignore[no-untyped-call]
        return gradients

    return wrapped


class _FirstOrder(torch.autograd.Function):
    """The result of `compute`, whose gradient is an error."""

    @staticmethod
    def forward(_ctx: Any, compute: Callable[[], Any], *_given: Tensor) -> Any:
        return compute()

    @staticmethod
    def backward(_ctx: Any, *_grads: Tensor | None) -> Any:
        raise KernelError("This gradient has no second derivatives; take gradients without `create_graph=True`.")
