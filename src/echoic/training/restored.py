"""Tensors of a checkpoint, checked against those of the network that they belong to."""

from collections.abc import Mapping

import torch
from torch import Tensor


def like(expected: Mapping[str, Tensor], found: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors `found` in the order, the types and on the devices of the `expected` ones.

    Raises:
        ValueError: one of the group `name` is missing, belongs to nothing, or has another shape.
    """
    if expected.keys() != found.keys():
        raise ValueError(f"`{name}` must have the tensors of the network")
    for key, tensor in expected.items():
        if found[key].shape != tensor.shape:
            raise ValueError(f"`{name}.{key}` must have the shape {tuple(tensor.shape)}, got {tuple(found[key].shape)}")
    return {key: found[key].to(tensor) for key, tensor in expected.items()}


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Checks weights.

    Raises:
        ValueError: one is infinite or no number.
    """
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"`{name}` must hold finite numbers")
