"""Batches in which every step is to say the next one."""

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from echoic.tensors import Batch
from echoic.windows.cut import Cut, Order


def following(rows: Tensor, cut: Cut) -> Batch:
    """The batch of a cut whose steps are `rows` `(rows, steps, features)`: targets are the inputs one step on."""
    mask = torch.arange(1, cut.steps)[None, :, None] < cut.valid[:, None, None]
    return Batch(rows[:, :-1], rows[:, 1:], mask, cut.carry)


def gathered(values: Tensor, cut: Cut) -> Tensor:
    """The steps of a cut `(rows, steps, features)` from `values` `(steps of all series, features)`.

    Steps that are not real repeat the last real one: what lies beyond may belong to another part.
    """
    real = torch.minimum(torch.arange(cut.steps)[None], (cut.valid[:, None] - 1).clamp(min=0))
    return values[cut.starts[:, None] + real]


@final
class FollowingBatches:
    """Cuts of `values` `(steps of all series, features)` as batches, in float32."""

    def __init__(self, values: Tensor, order: Order) -> None:
        self.values = values
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        for cut in self.order.epoch(seed, epoch, skip):
            yield following(gathered(self.values, cut).float(), cut)
