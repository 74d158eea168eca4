"""Batches of whole sequences of similar length."""

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from echoic.windows.index import WindowIndex
from echoic.windows.samplers import num_batches
from echoic.windows.seeds import make_generator
from echoic.windows.splits import Ranges

_POOL_BATCHES = 16
"""Batches per pool. Sequences are sorted by length within random pools: little padding, new batches every epoch."""

MAX_PADDED_STEPS = 1 << 18
"""Steps of a batch for evaluation, padding included: one long sequence must not lengthen many others."""


@final
class BucketSampler:
    """Samples every sequence once per epoch; without `shuffle` in order, for evaluation.

    Sequences are padded to the longest of their batch, rounded up to a multiple of `multiple` steps. Without `shuffle`
    batches are smaller where this would be more than `MAX_PADDED_STEPS` in all. With `short_first` the first epoch goes
    from the shortest to the longest sequences (SortaGrad, Amodei 2016).
    """

    def __init__(
        self, ranges: Ranges, batch_size: int, *, multiple: int = 1, shuffle: bool = True, short_first: bool = False
    ) -> None:
        self.ranges = ranges
        self.batch_size = batch_size
        self.multiple = multiple
        self.shuffle = shuffle
        self.short_first = short_first

    def __len__(self) -> int:
        return num_batches(len(self.ranges.begin), self.batch_size) if self.shuffle else len(self._in_order())

    def epoch(self, seed: int = 0, epoch: int = 0, skip: int = 0) -> Iterator[WindowIndex]:
        """The batches of an epoch without the first `skip`."""
        for rows in self._rows(seed, epoch)[skip:]:
            lengths = self.ranges.lengths[rows]
            steps = -(-int(lengths.max()) // self.multiple) * self.multiple
            yield WindowIndex(self.ranges.begin[rows], steps, lengths, rows)

    def _rows(self, seed: int, epoch: int) -> list[Tensor]:
        """Indices of the sequences of each batch."""
        num_sequences = len(self.ranges.begin)
        if not self.shuffle:
            return self._in_order()
        generator = make_generator(seed, epoch)
        pools = torch.split(torch.randperm(num_sequences, generator=generator), _POOL_BATCHES * self.batch_size)
        ordered = torch.cat([pool[self.ranges.lengths[pool].argsort(stable=True)] for pool in pools])
        if self.short_first and epoch == 0:
            return list(torch.split(ordered[self.ranges.lengths[ordered].argsort(stable=True)], self.batch_size))
        batches = torch.split(ordered, self.batch_size)
        return [batches[number] for number in torch.randperm(len(batches), generator=generator).tolist()]

    def _in_order(self) -> list[Tensor]:
        """The batches without `shuffle`: as many sequences as may be padded to the longest of them."""
        sizes, longest = [0], 0
        for length in self.ranges.lengths.tolist():
            longest, size = max(longest, length), sizes[-1] + 1
            if size > 1 and (size > self.batch_size or size * longest > MAX_PADDED_STEPS):
                sizes.append(0)
                longest, size = length, 1
            sizes[-1] = size
        return list(torch.arange(len(self.ranges.begin)).split([size for size in sizes if size]))
