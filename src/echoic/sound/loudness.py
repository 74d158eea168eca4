"""Quantized loudness of audio frames."""

import torch
from torch import Tensor

_STEP_DB, _SOFTEST_DB = 3.0, -84.0
NUM_LOUDNESS_LEVELS = 29
"""From -84 dB to full scale in steps of 3 dB."""


def quantize_loudness(sound: Tensor) -> Tensor:
    """Loudness level `(...)` of each audio frame `(..., samples)` of sound from -1 to 1."""
    level_db = 10 * torch.log10(sound.square().mean(-1).clamp(min=1e-12))
    return ((level_db - _SOFTEST_DB) / _STEP_DB).round().clamp(0, NUM_LOUDNESS_LEVELS - 1).long()


def loudness_power(loudness: Tensor) -> Tensor:
    """Mean square of frames of these loudness levels; the inverse of `quantize_loudness`, up to rounding."""
    power: Tensor = 10 ** ((_SOFTEST_DB + _STEP_DB * loudness) / 10)
    return power
