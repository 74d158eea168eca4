"""One prediction from all steps alike."""

from typing import final

import torch
from torch import Tensor

from echoic.readouts.base import Readout, Seen


def real_steps(seen: Seen) -> Tensor:
    """Which hidden vectors are of steps that there are, `(batch, steps)`."""
    steps = torch.arange(seen.hidden.shape[1], device=seen.hidden.device)
    if seen.lengths is None:
        return torch.ones_like(steps, dtype=torch.bool).expand(len(seen.hidden), -1)
    return steps < seen.lengths[:, None]


@final
class Mean(Readout):
    """The mean of the real hidden vectors."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.output_size = hidden_size

    def forward(self, seen: Seen) -> Tensor:
        weights = real_steps(seen).to(seen.hidden)
        return torch.einsum("bt,bth->bh", weights / weights.sum(1, keepdim=True), seen.hidden)[:, None]
