"""Frames of sound as batches: some of the frames to learn from, the streams louder or softer at random."""

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from echoic.codecs import MuLaw
from echoic.tensors import Batch
from echoic.windows import NextStepBatches, Sampler, make_generator


@final
class FrameBatches:
    """Cuts of `frames` `(frames, values)`, every value of which counts."""

    def __init__(self, frames: Tensor, order: Sampler) -> None:
        self.batches = NextStepBatches(frames, order)

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        for batch in self.batches.epoch(seed, epoch, skip):
            yield batch._replace(mask=batch.mask.expand_as(batch.targets))


@final
class LearnedFrames:
    """Batches of levels of which a random `share` of the frames counts, each stream moved by up to `gain_db`.

    The gain of a stream stays as long as its state is carried.
    """

    def __init__(self, batches: FrameBatches, codec: MuLaw, share: float, gain_db: float) -> None:
        self.batches = batches
        self.share = share
        self.gain_db = gain_db
        self.codec = codec

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        gains = torch.zeros(0)
        for number, batch in enumerate(self.batches.epoch(seed, epoch)):
            draws = make_generator(seed, epoch, number)
            if not batch.carry:
                gains = self.gain_db * (2 * torch.rand(len(batch.inputs), generator=draws) - 1)
            if number >= skip:
                counts = torch.rand(batch.mask.shape[:2], generator=draws) < self.share
                batch = batch._replace(mask=batch.mask & counts[..., None])  # noqa: PLW2901
                yield self._louder(batch, gains) if self.gain_db else batch

    def _louder(self, batch: Batch, gains_db: Tensor) -> Batch:
        """All levels of each row moved by its gain; what would leave the scale stays at its end."""
        tables = torch.stack([self._moved(gain) for gain in gains_db.tolist()])
        inputs, targets = (
            tables.gather(1, levels.flatten(1).long()).view(levels.shape) for levels in (batch.inputs, batch.targets)
        )
        return batch._replace(inputs=inputs, targets=targets)

    def _moved(self, gain_db: float) -> Tensor:
        """For each level, the one that it becomes `(levels,)`."""
        return torch.from_numpy(self.codec.quantize(self.codec.code_values * 10 ** (gain_db / 20))).float()
