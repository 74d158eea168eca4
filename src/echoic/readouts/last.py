"""One prediction after the last step."""

from typing import final

import torch
from torch import Tensor

from echoic.readouts.base import Readout, Seen


@final
class Last(Readout):
    """The last real hidden vector, beside all that is known of the future (`known` columns for `horizon` steps)."""

    def __init__(self, hidden_size: int, horizon: int = 1, known: int = 0) -> None:
        super().__init__()
        self.output_size = hidden_size + horizon * known

    def forward(self, seen: Seen) -> Tensor:
        last = seen.hidden[:, -1:]
        if seen.lengths is not None:
            last = seen.hidden[torch.arange(len(seen.hidden)), seen.lengths - 1][:, None]
        return last if seen.ahead is None else torch.cat([last, seen.ahead.flatten(1)[:, None]], -1)
