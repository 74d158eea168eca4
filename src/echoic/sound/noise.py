"""Noise on mu-law codes, a regulariser against exposure bias."""

from typing import final

import torch
from torch import Tensor, nn

from echoic.split_batch import place


@final
class CodeNoise(nn.Module):
    """Adds rounded normal noise to codes `0..num_codes - 1` in training.

    The standard deviation of each row is drawn uniformly from 0 to `std` in every call, so that some rows stay
    nearly clean, as in LPCNet (Valin and Skoglund 2019).
    """

    def __init__(self, num_codes: int, std: float) -> None:
        super().__init__()
        self.num_codes = num_codes
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        """Noisy codes `(rows, ...)`, shaped like `x`."""
        if not self.training or self.std == 0:
            return x
        rows = place(len(x))
        std = self.std * torch.rand(rows.total, *(1,) * (x.ndim - 1), device=x.device)
        noise = torch.randn(rows.total, *x.shape[1:], dtype=x.dtype, device=x.device)
        return (x + rows.of(std) * rows.of(noise)).round_().clamp_(0, self.num_codes - 1)

    def extra_repr(self) -> str:
        """Arguments in the `repr` of a model."""
        return f"num_codes={self.num_codes}, std={self.std}"
