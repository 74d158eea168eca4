"""Batches of pairs: the targets are those of the same steps."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from echoic.batches import BatchLoader, Draws, gather
from echoic.jobs.map.codec import emphasize
from echoic.tensors import Batch
from echoic.windows import ChunkSampler, ExcerptSampler, Ranges, WindowIndex

EVAL_CHUNK, STREAM_STEPS, MAX_STREAMS = 4096, 5_000, 16
"""Steps of a chunk in evaluations, steps of dev that make a stream of its own, and most streams."""

STREAM_WARMUPS = 4
"""Warm-ups that the steps of a stream have at least, where a series is cut into several."""

MIN_BATCHES = 100
"""Batches of an epoch at least: short data are passed several times."""


@final
@dataclass(frozen=True, eq=False)
class PairCollate:
    """Windows of scaled `inputs` with the `targets` of the same steps, `(steps of all series, features)`.

    The first `burn_in` steps of a stream have no loss, and the first `warmup` of a series, whose first steps are
    `first_steps` `(series,)`. Missing targets (NaN) never have a loss. With a `preemphasis` (None: none) targets are
    those of `EmphasizedPoint`. Windows of chunks have one more step than the chunk, which is left out.
    """

    inputs: Tensor
    targets: Tensor
    first_steps: Tensor
    burn_in: int
    warmup: int
    preemphasis: float | None = None
    chunk_steps: int | None = None

    def __call__(self, index: WindowIndex, _draws: Draws) -> Batch:
        if self.chunk_steps is not None:
            steps = index.steps - 1
            index = index._replace(steps=steps, valid=index.valid.clamp(max=steps))
        before = index.chunk * (self.chunk_steps or 0)
        at = torch.arange(before, before + index.steps)
        is_first = torch.isin(index.starts - before, self.first_steps)
        unscored = torch.where(is_first, self.warmup, self.burn_in)[:, None]
        mask = (torch.arange(index.steps) < index.valid[:, None]) & (at >= unscored)
        targets = gather(self.targets, index)
        if self.preemphasis is not None:
            targets = emphasize(targets, self.preemphasis)
            mask = mask & (torch.arange(index.steps) > 0)
        known = ~torch.isnan(targets)
        return Batch(gather(self.inputs, index), targets.nan_to_num(), mask[..., None] & known, index.carry)


def excerpt_loader(collate: PairCollate, ranges: Ranges, batch_size: int, steps: int) -> BatchLoader:
    """Shuffled excerpts of `steps` steps."""
    once = ExcerptSampler(ranges, batch_size, steps, shuffle=True)
    passes = -(-MIN_BATCHES // len(once))
    return BatchLoader(ExcerptSampler(ranges, batch_size, steps, shuffle=True, passes=passes), collate)


def chunk_loader(collate: PairCollate, ranges: Ranges, batch_size: int) -> BatchLoader:
    """Consecutive chunks of at most `batch_size` streams with the state carried."""
    most = int(ranges.lengths.sum()) // max(1, STREAM_WARMUPS * collate.warmup)
    streams = max(1, min(batch_size, most))
    return BatchLoader(ChunkSampler.from_ranges(ranges, streams, collate.chunk_steps), collate)


def eval_loader(collate: PairCollate, ranges: Ranges) -> BatchLoader:
    """All series in a few streams."""
    streams = int(ranges.lengths.sum()) // STREAM_STEPS
    return chunk_loader(collate, ranges, max(1, min(MAX_STREAMS, streams)))
