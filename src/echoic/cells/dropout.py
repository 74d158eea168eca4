"""Dropout whose random bits are drawn sixteen at a time."""

from typing import final

import torch
from torch import Tensor, nn

_LEVELS = 2**16


@final
class Dropout(nn.Module):
    """Zeroes a share `p` of the values in training and scales the rest by `1 / (1 - p)` (Srivastava 2014).

    On a CPU torch's own dropout draws one number of its generator for each value, which took a fifth of a training
    step of a small network; here one draw of 64 bits serves four values. `p` is rounded to 1/65536.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """`x` of any shape, some of it zero in training."""
        if not self.training or self.p == 0:
            return x
        count = x.numel()
        draws = torch.empty((count + 3) // 4, dtype=torch.int64, device=x.device).random_(-(2**63), None)
        bits = draws.view(torch.int16)[:count].view(x.shape)
        dropped = min(round(self.p * _LEVELS), _LEVELS - 1)
        keep = bits >= dropped - _LEVELS // 2
        return x * keep.to(x.dtype).mul_(_LEVELS / (_LEVELS - dropped))

    def extra_repr(self) -> str:
        """For torch's listing of a model."""
        return f"p={self.p}"
