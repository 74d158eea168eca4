"""Noise on numbered levels, for histories that are to be mistrusted."""

from typing import final

import torch
from torch import Tensor, nn


@final
class CodeNoise(nn.Module):
    """Moves levels `0..levels - 1` by rounded normal noise in training.

    Each row has a deviation of its own, drawn from 0 to `std` in each call: a network that has seen all of them
    knows what to do with clean levels, too. LPCNet trains on such histories (Valin and Skoglund 2019).
    """

    def __init__(self, num_codes: int, std: float) -> None:
        super().__init__()
        self.num_codes = num_codes
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        """Levels `(rows, ...)`, shaped like `x`."""
        if not self.training or self.std == 0:
            return x
        std = self.std * torch.rand(len(x), *(1,) * (x.ndim - 1), device=x.device)
        return (x + std * torch.randn_like(x)).round_().clamp_(0, self.num_codes - 1)

    def extra_repr(self) -> str:
        """For torch's listing of a model."""
        return f"levels={self.num_codes}, deviation={self.std}"
