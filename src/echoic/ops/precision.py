"""What stays in float32 while torch's autocast rounds the operands of products to bfloat16."""

from collections.abc import Callable

import torch
from torch import Tensor


def is_autocast(x: Tensor) -> bool:
    """Whether autocast is on for the device of `x`; some, such as `meta`, have none."""
    device = x.device.type
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def rounds_products(x: Tensor) -> bool:
    """Whether products of layers have operands of bfloat16: under torch's autocast with that type, in float32."""
    is_rounded = is_autocast(x) and torch.get_autocast_dtype(x.device.type) == torch.bfloat16
    return is_rounded and x.dtype == torch.float32


def as_weights(x: Tensor, weights: Tensor) -> Tensor:
    """`x` in the type of the weights, if autocast has made it smaller."""
    return x.to(weights.dtype) if x.dtype != weights.dtype and is_autocast(x) else x


def in_float32(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """`function(*tensors)`, under autocast with floating-point tensors and products in float32."""
    if not is_autocast(tensors[0]):
        return function(*tensors)
    with torch.autocast(tensors[0].device.type, enabled=False):
        return function(*(one.float() if one.is_floating_point() else one for one in tensors))
