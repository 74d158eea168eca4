"""Whole sequences in batches of similar length."""

from collections.abc import Iterator
from typing import final

import torch

from echoic.windows.cut import Cut
from echoic.windows.seeds import generator_of
from echoic.windows.splits import Ranges

_POOL = 16
"""Batches that are drawn together and then sorted by length: little padding, and company that changes."""


@final
class Buckets:
    """Every sequence of a part once an epoch; `shuffle` off: in their order, for scoring.

    A cut is as long as its longest sequence, made up to a multiple of `multiple` steps.
    """

    def __init__(self, part: Ranges, batch_size: int, *, multiple: int = 1, shuffle: bool = True) -> None:
        self.part = part
        self.batch_size = batch_size
        self.multiple = multiple
        self.shuffle = shuffle

    def __len__(self) -> int:
        return (len(self.part.begin) + self.batch_size - 1) // self.batch_size

    def epoch(self, seed: int = 0, epoch: int = 0, skip: int = 0) -> Iterator[Cut]:
        """The cuts of an epoch from number `skip` on."""
        for rows in self.rows(seed, epoch)[skip:]:
            lengths = self.part.lengths[rows]
            steps = -(-int(lengths.max()) // self.multiple) * self.multiple
            yield Cut(self.part.begin[rows], steps, lengths)

    def rows(self, seed: int, epoch: int) -> list[torch.Tensor]:
        """The numbers of the sequences in each batch of an epoch."""
        count = len(self.part.begin)
        if not self.shuffle:
            return list(torch.split(torch.arange(count), self.batch_size))
        draws = generator_of(seed, epoch)
        pools = torch.split(torch.randperm(count, generator=draws), _POOL * self.batch_size)
        ordered = torch.cat([pool[self.part.lengths[pool].argsort(stable=True)] for pool in pools])
        batches = torch.split(ordered, self.batch_size)
        return [batches[number] for number in torch.randperm(len(batches), generator=draws).tolist()]
