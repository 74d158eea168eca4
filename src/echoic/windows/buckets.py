"""Whole sequences in batches of similar length."""

from collections.abc import Iterator
from typing import final

import torch

from echoic.windows.samplers import WindowIndex
from echoic.windows.seeds import make_generator
from echoic.windows.splits import Ranges

_POOL = 16
"""Batches that are drawn together and then sorted by length: little padding, and company that changes."""


@final
class BucketSampler:
    """Every sequence of a part once an epoch; `shuffle` off: in their order, for scoring.

    A cut is as long as its longest sequence, made up to a multiple of `multiple` steps.
    """

    def __init__(self, ranges: Ranges, batch_size: int, *, multiple: int = 1, shuffle: bool = True) -> None:
        self.ranges = ranges
        self.batch_size = batch_size
        self.multiple = multiple
        self.shuffle = shuffle

    def __len__(self) -> int:
        return (len(self.ranges.begin) + self.batch_size - 1) // self.batch_size

    def epoch(self, seed: int = 0, epoch: int = 0, skip: int = 0) -> Iterator[WindowIndex]:
        """The cuts of an epoch from number `skip` on."""
        for rows in self.rows(seed, epoch)[skip:]:
            lengths = self.ranges.lengths[rows]
            steps = -(-int(lengths.max()) // self.multiple) * self.multiple
            yield WindowIndex(self.ranges.begin[rows], steps, lengths)

    def rows(self, seed: int, epoch: int) -> list[torch.Tensor]:
        """The numbers of the sequences in each batch of an epoch."""
        num_sequences = len(self.ranges.begin)
        if not self.shuffle:
            return list(torch.split(torch.arange(num_sequences), self.batch_size))
        generator = make_generator(seed, epoch)
        pools = torch.split(torch.randperm(num_sequences, generator=generator), _POOL * self.batch_size)
        ordered = torch.cat([pool[self.ranges.lengths[pool].argsort(stable=True)] for pool in pools])
        batches = torch.split(ordered, self.batch_size)
        return [batches[number] for number in torch.randperm(len(batches), generator=generator).tolist()]
