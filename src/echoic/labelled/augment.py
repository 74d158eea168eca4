"""Batches of labelled sound, each time otherwise."""

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from echoic.config.spectrum import AugmentSettings
from echoic.tensors import Batch
from echoic.training import Batches
from echoic.windows import make_generator

_FOR_AUGMENTATION = 2
"""Keeps these draws apart from those of the order."""


@final
class Augmented:
    """Training batches with noise, gain, shifts and masks, as `settings` say.

    `per_db` is how much each value rises with a decibel: gain is an addition where values are logarithms of power.
    """

    def __init__(self, batches: Batches, settings: AugmentSettings, per_db: Tensor) -> None:
        self.batches = batches
        self.settings = settings
        self.per_db = per_db

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""
        for number, batch in enumerate(self.batches.epoch(seed, epoch, skip), skip):
            yield self._changed(batch, make_generator(seed, epoch, number, _FOR_AUGMENTATION))

    def _changed(self, batch: Batch, draws: torch.Generator) -> Batch:
        settings, x, lengths = self.settings, batch.inputs, batch.lengths
        if lengths is None:
            return batch
        rows, steps, values = x.shape
        if settings.max_shift_steps:
            most = torch.minimum(torch.tensor(settings.max_shift_steps), lengths - 1)
            shift = (torch.rand(rows, generator=draws) * (most + 1)).long()
            places = (torch.arange(steps) + shift[:, None]).clamp(max=steps - 1)
            x, lengths = x.gather(1, places[..., None].expand_as(x)), lengths - shift
        if settings.max_gain_db:
            gain_db = settings.max_gain_db * (2 * torch.rand(rows, 1, 1, generator=draws) - 1)
            x = x + gain_db * self.per_db
        if settings.noise_std:
            x = x + settings.noise_std * torch.randn(x.shape, generator=draws)
        for _ in range(settings.n_time_masks):
            x = x.masked_fill(_stretches(rows, lengths, settings.time_mask_param, steps, draws)[..., None], 0.0)
        for _ in range(settings.n_freq_masks):
            every = torch.full((rows,), values)
            x = x.masked_fill(_stretches(rows, every, settings.freq_mask_param, values, draws)[:, None], 0.0)
        real = torch.arange(steps) < lengths[:, None]
        return batch._replace(inputs=x * real[..., None], lengths=lengths)


def _stretches(rows: int, lengths: Tensor, longest: int, places: int, draws: torch.Generator) -> Tensor:
    """For each row a stretch of up to `longest` of its first `lengths` places, half of them at most.

    `(rows, places)`, true within it.
    """
    share = torch.rand(2, rows, generator=draws)
    length = share[0] * torch.minimum(lengths / 2, torch.tensor(float(longest)))
    begin = share[1] * (lengths - length)
    at = torch.arange(places)
    return (at >= begin[:, None]) & (at < (begin + length)[:, None])
