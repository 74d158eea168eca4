"""Batches and recurrent states."""

from typing import NamedTuple, Self

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

State = tuple[tuple[Float[Tensor, "batch _"], ...], ...]
"""One entry per layer: its vectors of the layer's size, `(h, c)` for LSTM and `(h,)` for GRU."""


class Batch(NamedTuple):
    """Inputs and targets of one training step.

    `inputs`: the first columns are the features that the model predicts, which lets its own output be fed back. Only
    `targets` with a true `mask` count. `carry`: the rows continue those of the previous batch. `ids`: the channel of
    each row, for models that embed it. `future_covariates`: values known for the steps to predict. `lengths`: number of
    valid steps of each row where rows are whole sequences; None: all.
    """

    inputs: Float[Tensor, "batch steps inputs"]
    targets: Float[Tensor, "batch out_steps features"]
    mask: Bool[Tensor, "batch out_steps features"]
    carry: bool = False
    ids: Int[Tensor, "batch"] | None = None
    future_covariates: Float[Tensor, "batch horizon covariates"] | None = None
    lengths: Int[Tensor, "batch"] | None = None

    def rows(self, begin: int, end: int) -> Self:
        """The rows `begin` to `end` of the batch."""
        return self._replace(
            inputs=self.inputs[begin:end],
            targets=self.targets[begin:end],
            mask=self.mask[begin:end],
            ids=None if self.ids is None else self.ids[begin:end],
            future_covariates=None if self.future_covariates is None else self.future_covariates[begin:end],
            lengths=None if self.lengths is None else self.lengths[begin:end],
        )

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
