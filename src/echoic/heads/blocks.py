"""Losses that go through rows block by block, so that vectors stay in a core's cache between operations."""

import torch
from torch import Tensor

_ROWS = 512
"""With a few hundred units, two blocks of vectors fit into the second cache of a core."""


def blocks(rows: int) -> list[slice]:
    """All `rows`, in order."""
    return [slice(begin, min(begin + _ROWS, rows)) for begin in range(0, rows, _ROWS)]


def scratch(like: Tensor, rows: int, width: int) -> Tensor:
    """Room for the vectors of the largest block, in the type of `like`."""
    return like.new_empty(min(_ROWS, rows), width)


def mask_rectified(gradient: Tensor, output: Tensor) -> None:
    """Zeroes the `gradient` in place where the `output` of a rectifier is zero."""
    torch.ops.aten.threshold_backward.grad_input(gradient, output, 0, grad_input=gradient)
