"""Training texts that may be written at some times only."""

from dataclasses import dataclass
from typing import final

import torch

from echoic.batches import Draws
from echoic.tensors import Batch
from echoic.windows import Purpose

_SHORTEST, _LONGEST = 0.5, 1.5
"""Period of what is forbidden and allowed, in mean durations of a unit."""

_ROOM = 4
"""Steps per unit that a recording must have."""


@final
@dataclass(frozen=True)
class MaskWriting:
    """Forbids units in half of the steps of a fraction `prob` of the recordings, at random, unknown to the network.

    A network that reads in one direction can write units at random as soon as anything begins, before it knows which
    they are; once it is sure of these times, no gradient reaches the later ones, where it could know. Times that are
    forbidden at random lead it out. `stride` input steps make one step of the network.
    """

    prob: float
    stride: int

    def __call__(self, batch: Batch, draws: Draws) -> Batch:
        if batch.lengths is None:
            return batch
        rows, units = len(batch.inputs), batch.mask[..., 0].sum(1)
        lengths = (batch.lengths + self.stride - 1) // self.stride
        uniforms = torch.rand(3, rows, 1, generator=draws.batch_generator(Purpose.WRITE))
        duration = (lengths / units.clamp(min=1))[:, None]
        period = duration * (_SHORTEST + (_LONGEST - _SHORTEST) * uniforms[0])
        places = torch.arange(-(-batch.inputs.shape[1] // self.stride)) / period + uniforms[1]
        is_masked = (uniforms[2] < self.prob) & (duration >= _ROOM)
        return batch._replace(writable=~is_masked | (places % 1.0 >= 0.5))
