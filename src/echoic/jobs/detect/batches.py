"""Excerpts of recordings as batches."""

from collections.abc import Iterator, Sequence
from typing import final

import torch
from torch import Tensor

from echoic.tensors import Batch
from echoic.windows import Ranges, WindowIndex, gather, make_generator

_FOR_STARTS = 3
"""Keeps these draws apart from those of augmentation."""


@final
class ExcerptBatches:
    """Excerpts of `length` steps of recordings `(steps, values)` with the class of each step, `(steps,)`.

    Every recording is cut from a random step on, another one each epoch; what is left over at both ends makes excerpts
    that overlap with others. The network tells of a step `delay` steps later. `fixed`: always the same, in order.
    """

    def __init__(
        self,
        steps: Sequence[Tensor],
        classes: Sequence[Tensor],
        batch_size: int,
        length: int,
        delay: int,
        *,
        fixed: bool,
    ) -> None:
        lengths = torch.tensor([len(one) for one in steps])
        ends = lengths.cumsum(0)
        self.ranges = Ranges(ends - lengths, ends)
        self.values, self.classes = torch.cat(list(steps)), torch.cat(list(classes))
        self.batch_size = batch_size
        self.length = length
        self.delay = delay
        self.fixed = fixed

    def __len__(self) -> int:
        return (int(self._pieces().sum()) + self.batch_size - 1) // self.batch_size

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        starts, lengths = self._excerpts(make_generator(seed, epoch, _FOR_STARTS))
        order = torch.split(torch.arange(len(starts)), self.batch_size)
        if not self.fixed:
            order = torch.split(torch.randperm(len(starts), generator=make_generator(seed, epoch)), self.batch_size)
        for rows in order[skip:]:
            yield self._batch(WindowIndex(starts[rows], self.length, lengths[rows]))

    def _pieces(self) -> Tensor:
        """Excerpts of each recording."""
        return (self.ranges.lengths + self.length - 1) // self.length + (0 if self.fixed else 1)

    def _excerpts(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """First steps and lengths of all excerpts."""
        starts = []
        rows = torch.stack([self.ranges.begin, self.ranges.lengths, self._pieces()], 1)
        for begin, steps, pieces in rows.tolist():
            shift = 0 if self.fixed else int(torch.randint(self.length, (), generator=generator)) - self.length
            wanted = shift + self.length * torch.arange(pieces)
            starts.append(begin + wanted.clamp(0, max(0, steps - self.length)))
        ends = torch.repeat_interleave(self.ranges.end, self._pieces())
        first = torch.cat(starts)
        return first, (ends - first).clamp(max=self.length)

    def _batch(self, index: WindowIndex) -> Batch:
        real = torch.arange(index.steps) < index.valid[:, None]
        inputs = gather(self.values, index) * real[..., None]
        classes = gather(self.classes[:, None], index)
        targets = torch.nn.functional.pad(classes, (0, 0, self.delay, 0))[:, : index.steps].to(inputs)
        known = real & (torch.arange(index.steps) >= self.delay)
        return Batch(inputs, targets, known[..., None], lengths=index.valid)
