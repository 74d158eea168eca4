"""Variation of sound in training: other speeds, voices, microphones and rooms, from log-mel spectra alone."""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from echoic.batches import Draws
from echoic.codecs import Scaler
from echoic.codecs.logmel import MIN_POWER
from echoic.config.spectrum import VarySettings
from echoic.tensors import Batch
from echoic.windows import Purpose

PER_DB = math.log(10) / 10
"""Natural logarithm of power per decibel."""

_MAX_SNR_DB = 60.0

_NOISE_TILT, _NOISE_SPREAD = 1.5, 0.5
"""Of the noise: the largest slope from the middle to the ends of the bands, and the deviation of a value; in nats."""


@final
@dataclass(frozen=True, eq=False)
class Vary:
    """Varies padded training batches of standardised log-mel spectra; `scaler` has their statistics.

    Steps are cut and stretched, bands are shifted and tilted, and noise is added, each by another amount in every clip.
    Padding stays 0; the padded length is a multiple of `multiple` steps.
    """

    settings: VarySettings
    scaler: Scaler
    multiple: int = 1

    def __call__(self, batch: Batch, draws: Draws) -> Batch:
        if batch.lengths is None:
            return batch
        generator = draws.batch_generator(Purpose.VARY)
        sources, lengths = self._sources(batch.lengths, generator)
        center, scale = (table[0].to(batch.inputs.dtype) for table in (self.scaler.center, self.scaler.scale))
        power = interpolate(batch.inputs, sources, dim=1) * scale + center
        valid = (torch.arange(power.shape[1]) < lengths[:, None])[..., None]
        power = self._on_bands(power, generator)
        if self.settings.min_snr_db is not None:
            power = _with_noise(power, valid, self.settings.min_snr_db, generator)
        inputs = (power.clamp(min=math.log(MIN_POWER)) - center) / scale
        return batch._replace(inputs=inputs * valid, lengths=lengths)

    def _sources(self, lengths: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """The step of the clip that each new step comes from `(rows, steps)`, and the new lengths."""
        kept, begin = lengths, torch.zeros(len(lengths))
        if self.settings.excerpt_steps is not None:
            kept = lengths.clamp(max=self.settings.excerpt_steps)
            begin = (torch.rand(len(lengths), generator=generator) * (lengths - kept + 1)).floor()
        speeds = torch.ones(len(lengths))
        if self.settings.max_stretch:
            speeds = (1 + self.settings.max_stretch) ** _centred((len(lengths),), generator)
        after = (kept / speeds).round().long().clamp(min=1)
        steps = -(-int(after.max()) // self.multiple) * self.multiple
        within = (torch.arange(steps) * speeds[:, None]).minimum(kept[:, None] - 1)
        return begin[:, None] + within, after

    def _on_bands(self, power: Tensor, generator: torch.Generator) -> Tensor:
        rows, _, bands = power.shape
        if self.settings.max_band_shift:
            shift = self.settings.max_band_shift * _centred((rows, 1), generator)
            power = interpolate(power, (torch.arange(bands) + shift).clamp(0, bands - 1), dim=2)
        if self.settings.max_tilt_db:
            phase, cycles = torch.rand(2, rows, 1, 1, generator=generator)
            wave = torch.sin(math.pi * (2 * phase + (1 + cycles) * torch.arange(bands) / bands))
            power = power + PER_DB * self.settings.max_tilt_db * _centred((rows, 1, 1), generator) * wave
        return power


def interpolate(values: Tensor, places: Tensor, dim: int) -> Tensor:
    """`values` `(rows, steps, bands)` at fractional `places` `(rows, count)` of the dimension `dim` (1 or 2)."""
    lower = places.floor().long()
    upper = (lower + 1).clamp(max=values.shape[dim] - 1)
    fraction = (places - lower).unsqueeze(3 - dim)

    def at(index: Tensor) -> Tensor:
        shape = [len(values), -1, -1]
        shape[3 - dim] = values.shape[3 - dim]
        return values.gather(dim, index.unsqueeze(3 - dim).expand(shape))

    return torch.lerp(at(lower), at(upper), fraction)


def _with_noise(power: Tensor, valid: Tensor, min_snr_db: float, generator: torch.Generator) -> Tensor:
    """Adds noise from `_MAX_SNR_DB` to `min_snr_db` below the loudest bands of each clip."""
    rows, _, bands = power.shape
    loudest = power.masked_fill(~valid, math.log(MIN_POWER)).amax(1).mean(1)[:, None, None]
    snr_db = min_snr_db + (_MAX_SNR_DB - min_snr_db) * torch.rand(rows, 1, 1, generator=generator)
    slope = _NOISE_TILT * _centred((rows, 1, 1), generator) * torch.linspace(-1, 1, bands)
    spread = _NOISE_SPREAD * torch.randn(power.shape, generator=generator)
    return torch.logaddexp(power, loudest - PER_DB * snr_db + slope + spread)


def _centred(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Uniform between -1 and 1."""
    return 2 * torch.rand(shape, generator=generator) - 1
