"""Batch loaders of labelled sequences: whole clips or excerpts of recordings."""

from collections.abc import Sequence

import torch
from torch import Tensor

from echoic.batches import BatchLoader, SequenceCollate, StepCollate, TextCollate, Transform
from echoic.windows import BucketSampler, ExcerptSampler, Ranges


def clip_batches(
    steps: Sequence[Tensor],
    targets: Tensor,
    batch_size: int,
    *,
    multiple: int = 1,
    shuffle: bool = False,
    transforms: Sequence[Transform] = (),
) -> BatchLoader:
    """Loads whole clips in batches of similar length, padded to a multiple of `multiple` steps.

    `steps` is `(steps, values)` for each clip, `targets` is `(clips, width)`.
    """
    sampler = BucketSampler(_ranges(steps), batch_size, multiple=multiple, shuffle=shuffle)
    return BatchLoader(sampler, SequenceCollate(torch.cat(list(steps)), targets), transforms)


def text_batches(
    steps: Sequence[Tensor],
    texts: Sequence[Tensor],
    batch_size: int,
    *,
    multiple: int = 1,
    shuffle: bool = False,
    short_first: bool = False,
    transforms: Sequence[Transform] = (),
) -> BatchLoader:
    """Loads whole clips as `clip_batches` does; `texts` are the units `(units,)` of each clip.

    With `short_first` the first epoch goes from short to long clips.
    """
    sampler = BucketSampler(_ranges(steps), batch_size, multiple=multiple, shuffle=shuffle, short_first=short_first)
    collate = TextCollate(torch.cat(list(steps)), torch.cat(list(texts)), _ranges(texts))
    return BatchLoader(sampler, collate, transforms)


def excerpt_batches(
    steps: Sequence[Tensor],
    targets: Sequence[Tensor],
    batch_size: int,
    excerpt_steps: int,
    *,
    delay: int = 0,
    shuffle: bool = False,
    transforms: Sequence[Transform] = (),
) -> BatchLoader:
    """Loads excerpts of recordings, `excerpt_steps` steps long.

    `steps` is `(steps, values)` and `targets` `(steps, width)` for each recording; the network predicts the target of a
    step `delay` steps later.
    """
    sampler = ExcerptSampler(_ranges(steps), batch_size, excerpt_steps, shuffle=shuffle)
    return BatchLoader(sampler, StepCollate(torch.cat(list(steps)), torch.cat(list(targets)), delay), transforms)


def _ranges(steps: Sequence[Tensor]) -> Ranges:
    return Ranges.from_lengths([len(one) for one in steps])
