"""Excerpts of recordings, cut at different points in every epoch."""

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from echoic.windows.index import WindowIndex
from echoic.windows.samplers import num_batches
from echoic.windows.seeds import Purpose, make_generator
from echoic.windows.splits import Ranges


@final
class ExcerptSampler:
    """Samples excerpts of `steps` steps that together cover all ranges.

    With `shuffle`, cuts are shifted at random and excerpts are shuffled in every epoch; otherwise both are fixed, for
    evaluation. At the ends of a range, excerpts overlap; only ranges shorter than an excerpt are padded. An epoch has
    `passes` such covers, each cut at other points.
    """

    def __init__(self, ranges: Ranges, batch_size: int, steps: int, *, shuffle: bool, passes: int = 1) -> None:
        self.ranges = ranges
        self.batch_size = batch_size
        self.steps = steps
        self.shuffle = shuffle
        self.passes = passes
        self.counts = (ranges.lengths + steps - 1) // steps + int(shuffle)

    def __len__(self) -> int:
        return num_batches(self.passes * int(self.counts.sum()), self.batch_size)

    def epoch(self, seed: int = 0, epoch: int = 0, skip: int = 0) -> Iterator[WindowIndex]:
        """The batches of an epoch without the first `skip`."""
        generator = make_generator(seed, epoch, Purpose.EXCERPT)
        starts = torch.cat([self._starts(generator) for _ in range(self.passes)])
        ends = torch.repeat_interleave(self.ranges.end, self.counts).repeat(self.passes)
        valid = (ends - starts).clamp(max=self.steps)
        order = torch.arange(len(starts))
        if self.shuffle:
            order = torch.randperm(len(starts), generator=make_generator(seed, epoch))
        for excerpts in torch.split(order, self.batch_size)[skip:]:
            yield WindowIndex(starts[excerpts], self.steps, valid[excerpts])

    def _starts(self, generator: torch.Generator) -> Tensor:
        """The first step of every excerpt."""
        starts = []
        for (begin, end), count in zip(self.ranges.spans(), self.counts.tolist(), strict=True):
            shift = int(torch.randint(self.steps, (), generator=generator)) - self.steps if self.shuffle else 0
            offsets = shift + self.steps * torch.arange(count)
            starts.append(begin + offsets.clamp(0, max(0, end - begin - self.steps)))
        return torch.cat(starts)
