"""The loader of every job's batches."""

from collections.abc import Callable, Iterator, Sequence
from typing import final

from echoic.batches.draws import Draws
from echoic.tensors import Batch
from echoic.windows import Sampler, WindowIndex

Collate = Callable[[WindowIndex, Draws], Batch]
"""Reads the windows of a batch."""

Transform = Callable[[Batch, Draws], Batch]
"""Changes a batch: augmentation, random gain, a loss over part of the steps."""


@final
class BatchLoader:
    """The batches that `sampler` chooses and `collate` reads, each changed by `transforms` in order."""

    def __init__(self, sampler: Sampler, collate: Collate, transforms: Sequence[Transform] = ()) -> None:
        self.sampler = sampler
        self.collate = collate
        self.transforms = tuple(transforms)

    def __len__(self) -> int:
        return len(self.sampler)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch without the first `skip`."""
        for number, index in enumerate(self.sampler.epoch(seed, epoch, skip), skip):
            draws = Draws(seed, epoch, number, number - index.chunk)
            batch = self.collate(index, draws)
            for transform in self.transforms:
                batch = transform(batch, draws)
            yield batch
