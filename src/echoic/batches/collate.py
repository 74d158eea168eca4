"""Collates: from the windows of a batch to its inputs, targets and mask."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from echoic.batches.draws import Draws
from echoic.tensors import Batch
from echoic.windows import Ranges, WindowIndex


def gather(values: Tensor, index: WindowIndex) -> Tensor:
    """The steps of the windows, `(rows, steps, features)`, from `values` `(steps of all series, features)`.

    Padding repeats the last valid step: what lies beyond may belong to another split.
    """
    valid_steps = torch.minimum(torch.arange(index.steps)[None], (index.valid[:, None] - 1).clamp(min=0))
    return values[index.starts[:, None] + valid_steps]


def next_step_batch(steps: Tensor, index: WindowIndex) -> Batch:
    """The batch of windows of `steps` `(rows, steps, features)`: the target of each step is the next one."""
    mask = torch.arange(1, index.steps)[None, :, None] < index.valid[:, None, None]
    return Batch(steps[:, :-1], steps[:, 1:], mask, index.carry)


@final
@dataclass(frozen=True, eq=False)
class NextStepCollate:
    """Windows of `values` `(steps of all series, features)` with the next step as target, in float32.

    `per_value`: the mask has an entry for every value of a step, for losses per value; else one per step.
    """

    values: Tensor
    per_value: bool = False

    def __call__(self, index: WindowIndex, _draws: Draws) -> Batch:
        batch = next_step_batch(gather(self.values, index).float(), index)
        return batch._replace(mask=batch.mask.expand_as(batch.targets)) if self.per_value else batch


@final
@dataclass(frozen=True, eq=False)
class SequenceCollate:
    """Whole sequences of `values` `(steps of all sequences, features)`, each with its row of `targets`.

    `targets` is `(sequences, width)`; padding is 0. The loss counts sequences, not values.
    """

    values: Tensor
    targets: Tensor

    def __call__(self, index: WindowIndex, _draws: Draws) -> Batch:
        inputs = _gather_zero_padded(self.values, index)
        targets = self.targets[index.rows][:, None].to(inputs)
        mask = torch.ones(len(targets), 1, 1, dtype=torch.bool)
        return Batch(inputs, targets, mask, lengths=index.valid)


@final
@dataclass(frozen=True, eq=False)
class StepCollate:
    """Windows of `values` with the target of every step; padding is 0.

    `targets` is `(steps of all recordings, width)`. Each step's target is that of `delay` steps before it, so that the
    network has seen as many steps of context.
    """

    values: Tensor
    targets: Tensor
    delay: int = 0

    def __call__(self, index: WindowIndex, _draws: Draws) -> Batch:
        inputs = _gather_zero_padded(self.values, index)
        steps = gather(self.targets, index)
        targets = torch.nn.functional.pad(steps, (0, 0, self.delay, 0))[:, : index.steps].to(inputs)
        mask = _valid_mask(index) & (torch.arange(index.steps) >= self.delay)
        return Batch(inputs, targets, mask[..., None], lengths=index.valid)


@final
@dataclass(frozen=True, eq=False)
class TextCollate:
    """Whole sequences of `values` `(steps of all sequences, features)`, each with a text of its own length.

    `units` `(units of all texts,)`; `texts` are the ranges of each in them. Padding is 0. The loss counts units.
    """

    values: Tensor
    units: Tensor
    texts: Ranges

    def __call__(self, index: WindowIndex, _draws: Draws) -> Batch:
        inputs = _gather_zero_padded(self.values, index)
        begin, counts = self.texts.begin[index.rows], self.texts.lengths[index.rows]
        columns = torch.arange(int(counts.max()))
        mask = columns < counts[:, None]
        places = torch.minimum(columns, (counts[:, None] - 1).clamp(min=0))
        targets = self.units[begin[:, None] + places].to(inputs) * mask
        return Batch(inputs, targets[..., None], mask[..., None], lengths=index.valid)


def _valid_mask(index: WindowIndex) -> Tensor:
    return torch.arange(index.steps) < index.valid[:, None]


def _gather_zero_padded(values: Tensor, index: WindowIndex) -> Tensor:
    return gather(values, index) * _valid_mask(index)[..., None]
