"""Transforms of training batches."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from echoic.batches.draws import Draws
from echoic.codecs import MuLaw
from echoic.tensors import Batch
from echoic.windows import Purpose


@final
@dataclass(frozen=True)
class SubsampleLoss:
    """Restricts the loss to a random `fraction` of the steps, at least one, so that short batches have a loss, too."""

    fraction: float

    def __call__(self, batch: Batch, draws: Draws) -> Batch:
        uniforms = torch.rand(batch.mask.shape[:2], generator=draws.batch_generator(Purpose.SUBSAMPLE))
        valid = batch.mask.flatten(2).any(2)
        least = uniforms[valid].min() if valid.any() else 0.0
        return batch._replace(mask=batch.mask & ((uniforms < self.fraction) | (uniforms == least))[..., None])


@final
@dataclass(frozen=True, eq=False)
class RandomGain:
    """Changes the loudness of mu-law codes by up to `max_gain_db`, one random gain per stream.

    A stream keeps its gain as long as its state is carried. Values beyond the largest code are clipped.
    """

    codec: MuLaw
    max_gain_db: float

    def __call__(self, batch: Batch, draws: Draws) -> Batch:
        uniforms = torch.rand(len(batch.inputs), generator=draws.stream_generator(Purpose.GAIN))
        tables = torch.stack([self._table(gain_db) for gain_db in (self.max_gain_db * (2 * uniforms - 1)).tolist()])
        inputs, targets = (
            tables.gather(1, codes.flatten(1).long()).view(codes.shape) for codes in (batch.inputs, batch.targets)
        )
        return batch._replace(inputs=inputs, targets=targets)

    def _table(self, gain_db: float) -> Tensor:
        """The new code of each code, `(codes,)`."""
        return torch.from_numpy(self.codec.quantize(self.codec.code_values * 10 ** (gain_db / 20))).float()


@final
@dataclass(frozen=True, eq=False)
class RareAsUnknown:
    """Replaces rare symbols by the symbol `unknown`, each with probability `prob` in an epoch, so that it is trained.

    `rare` `(symbols,)` selects them; inputs and targets are symbols.
    """

    rare: Tensor
    unknown: int
    prob: float

    def __call__(self, batch: Batch, draws: Draws) -> Batch:
        uniforms = torch.rand(len(self.rare), generator=draws.epoch_generator(Purpose.UNKNOWN))
        table = torch.arange(len(self.rare), dtype=batch.inputs.dtype)
        table[self.rare & (uniforms < self.prob)] = self.unknown
        return batch._replace(inputs=table[batch.inputs.long()], targets=table[batch.targets.long()])
