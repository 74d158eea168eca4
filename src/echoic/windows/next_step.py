"""Batches in which every step is to say the next one."""

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from echoic.tensors import Batch
from echoic.windows.samplers import Sampler, WindowIndex


def next_step_batch(rows: Tensor, index: WindowIndex) -> Batch:
    """The batch of a cut whose steps are `rows` `(rows, steps, features)`: targets are the inputs one step on."""
    mask = torch.arange(1, index.steps)[None, :, None] < index.valid[:, None, None]
    return Batch(rows[:, :-1], rows[:, 1:], mask, index.carry)


def gather(values: Tensor, index: WindowIndex) -> Tensor:
    """The steps of a cut `(rows, steps, features)` from `values` `(steps of all series, features)`.

    Steps that are not real repeat the last real one: what lies beyond may belong to another part.
    """
    valid_steps = torch.minimum(torch.arange(index.steps)[None], (index.valid[:, None] - 1).clamp(min=0))
    return values[index.starts[:, None] + valid_steps]


@final
class NextStepBatches:
    """Cuts of `values` `(steps of all series, features)` as batches, in float32."""

    def __init__(self, values: Tensor, sampler: Sampler) -> None:
        self.values = values
        self.sampler = sampler

    def __len__(self) -> int:
        return len(self.sampler)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        for index in self.sampler.epoch(seed, epoch, skip):
            yield next_step_batch(gather(self.values, index).float(), index)
