"""What stays in float32 while torch's autocast rounds the operands of products to bfloat16."""

from collections.abc import Callable

import torch
from torch import Tensor


def rounds_products(x: Tensor) -> bool:
    """Whether products of layers have operands of bfloat16: under torch's autocast with that type, in float32."""
    device = x.device.type
    return (
        x.dtype == torch.float32
        and torch.is_autocast_enabled(device)
        and torch.get_autocast_dtype(device) == torch.bfloat16
    )


def as_weights(x: Tensor, weights: Tensor) -> Tensor:
    """`x` in the type of the weights, if autocast has made it smaller."""
    return x.to(weights.dtype) if x.dtype != weights.dtype and torch.is_autocast_enabled(x.device.type) else x


def in_float32(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """`function(*tensors)`, under autocast with floating-point tensors and products in float32."""
    device = tensors[0].device.type
    if not torch.is_autocast_enabled(device):
        return function(*tensors)
    with torch.autocast(device, enabled=False):
        return function(*(one.float() if one.is_floating_point() else one for one in tensors))
