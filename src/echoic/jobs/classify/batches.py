"""Whole clips as batches."""

from collections.abc import Iterator, Sequence
from typing import final

import torch
from torch import Tensor

from echoic.tensors import Batch
from echoic.windows import BucketSampler, Ranges, gather


@final
class ClipBatches:
    """`steps` of each clip `(steps, values)`, its row of `targets` `(clips, width)`, in the `sampler` of batches.

    `sampler` counts clips by their place in `steps`. Losses count clips, however many values a target has.
    """

    def __init__(self, steps: Sequence[Tensor], targets: Tensor, batch_size: int, span: int, *, shuffle: bool) -> None:
        lengths = torch.tensor([len(clip) for clip in steps])
        ends = lengths.cumsum(0)
        self.values = torch.cat(list(steps))
        self.targets = targets
        self.sampler = BucketSampler(Ranges(ends - lengths, ends), batch_size, multiple=span, shuffle=shuffle)

    def __len__(self) -> int:
        return len(self.sampler)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        rows = self.sampler.rows(seed, epoch)[skip:]
        for chosen, index in zip(rows, self.sampler.epoch(seed, epoch, skip), strict=True):
            valid_steps = torch.arange(index.steps) < index.valid[:, None]
            inputs = gather(self.values, index) * valid_steps[..., None]
            targets = self.targets[chosen][:, None].to(inputs)
            every = torch.ones(len(targets), 1, 1, dtype=torch.bool)
            yield Batch(inputs, targets, every, lengths=index.valid)
