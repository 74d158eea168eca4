"""Batches and recurrent states."""

from typing import NamedTuple, Self

import torch
from torch import Tensor

State = tuple[tuple[Tensor, ...], ...]
"""One entry per layer: its vectors `(batch, hidden)`, `(h, c)` for LSTM and `(h,)` for GRU."""


class Batch(NamedTuple):
    """Inputs and targets of one training step.

    `inputs` `(rows, steps, width)`: the first columns are the features that the model predicts, which lets its own
    output be fed back. `targets` `(rows, out_steps, features)`, and `mask` of the same shape: only entries with a true
    mask count. `carry`: the rows continue those of the previous batch. `ids` `(rows,)`: the channel of each row, for
    models that embed it. `future_covariates` `(rows, horizon, covariates)`: values known for the steps to predict.
    `lengths` `(rows,)`: number of valid steps of each row where rows are whole sequences; None: all.
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    carry: bool = False
    ids: Tensor | None = None
    future_covariates: Tensor | None = None
    lengths: Tensor | None = None

    def to(self, device: torch.device) -> Self:
        """The batch on another device."""
        return self._replace(
            inputs=self.inputs.to(device),
            targets=self.targets.to(device),
            mask=self.mask.to(device),
            ids=None if self.ids is None else self.ids.to(device),
            future_covariates=None if self.future_covariates is None else self.future_covariates.to(device),
            lengths=None if self.lengths is None else self.lengths.to(device),
        )
