"""Augmentation of labelled sequences."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from echoic.batches import Draws
from echoic.config.spectrum import AugmentSettings
from echoic.tensors import Batch
from echoic.windows import Purpose


@final
@dataclass(frozen=True, eq=False)
class Augment:
    """Augments padded training batches by noise, gain, shifts, and masks of steps and bands.

    `per_db` `(values,)` is the change of each value per decibel, since a gain is an offset of log power. Padding stays
    0.
    """

    settings: AugmentSettings
    per_db: Tensor

    def __call__(self, batch: Batch, draws: Draws) -> Batch:
        settings, x, lengths = self.settings, batch.inputs, batch.lengths
        if lengths is None:
            return batch
        generator = draws.batch_generator(Purpose.AUGMENT)
        rows, steps, values = x.shape
        if settings.max_shift_steps:
            max_shift = torch.minimum(torch.tensor(settings.max_shift_steps), lengths - 1)
            shift = (torch.rand(rows, generator=generator) * (max_shift + 1)).long()
            sources = (torch.arange(steps) + shift[:, None]).clamp(max=steps - 1)
            x, lengths = x.gather(1, sources[..., None].expand_as(x)), lengths - shift
        if settings.max_gain_db:
            gain_db = settings.max_gain_db * (2 * torch.rand(rows, 1, 1, generator=generator) - 1)
            x = x + gain_db * self.per_db
        if settings.noise_std:
            x = x + settings.noise_std * torch.randn(x.shape, generator=generator)
        for _ in range(settings.n_time_masks):
            x = x.masked_fill(_random_spans(lengths, settings.time_mask_param, steps, generator)[..., None], 0.0)
        for _ in range(settings.n_freq_masks):
            all_bands = torch.full((rows,), values)
            x = x.masked_fill(_random_spans(all_bands, settings.freq_mask_param, values, generator)[:, None], 0.0)
        valid = torch.arange(steps) < lengths[:, None]
        return batch._replace(inputs=x * valid[..., None], lengths=lengths)


def _random_spans(lengths: Tensor, max_size: int, size: int, generator: torch.Generator) -> Tensor:
    """A random span within the first `lengths` positions of each row, as a mask `(rows, size)`.

    A span covers at most `max_size` positions, and at most half of the row.
    """
    uniforms = torch.rand(2, len(lengths), generator=generator)
    span = uniforms[0] * torch.minimum(lengths / 2, torch.tensor(float(max_size)))
    begin = uniforms[1] * (lengths - span)
    positions = torch.arange(size)
    return (positions >= begin[:, None]) & (positions < (begin + span)[:, None])
