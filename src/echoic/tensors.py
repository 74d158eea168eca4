"""What the network works on: a batch, and the recurrent state."""

from typing import NamedTuple, Self

import torch
from torch import Tensor

State = tuple[tuple[Tensor, ...], ...]
"""One entry a layer; each holds the layer's vectors, `(batch, hidden)`: `(h, c)` for LSTM, `(h,)` for GRU."""


class Batch(NamedTuple):
    """What one training step sees.

    `inputs` `(rows, steps, width)`; the first columns are the features that the model predicts, so that its own
    output can be fed back. `targets` `(rows, out_steps, features)` and `mask` of the same shape: only entries
    with a true mask count. `carry`: the rows continue those of the batch before. `ids` `(rows,)` names the
    channel of each row for models that embed it. `ahead` `(rows, horizon, known)` holds what is known of the future.
    `lengths` `(rows,)` says how many steps of each row are real, where rows are whole sequences; None: all.
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    carry: bool = False
    ids: Tensor | None = None
    ahead: Tensor | None = None
    lengths: Tensor | None = None

    def to(self, device: torch.device) -> Self:
        """The batch on another device."""
        return self._replace(
            inputs=self.inputs.to(device),
            targets=self.targets.to(device),
            mask=self.mask.to(device),
            ids=None if self.ids is None else self.ids.to(device),
            ahead=None if self.ahead is None else self.ahead.to(device),
            lengths=None if self.lengths is None else self.lengths.to(device),
        )
