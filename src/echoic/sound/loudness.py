"""How loud a frame of sound is, as a number of a few."""

import torch
from torch import Tensor

_STEP_DB, _SOFTEST_DB = 3.0, -84.0
NUM_LOUDNESS_LEVELS = 29
"""From as soft as the finest levels to full scale, in steps of 3 dB."""


def quantize_loudness(sound: Tensor) -> Tensor:
    """The number of each frame's loudness `(...)`, of sound `(..., samples)` from -1 to 1."""
    level_db = 10 * torch.log10(sound.square().mean(-1).clamp(min=1e-12))
    return ((level_db - _SOFTEST_DB) / _STEP_DB).round().clamp(0, NUM_LOUDNESS_LEVELS - 1).long()


def loudness_power(loudness: Tensor) -> Tensor:
    """The mean square of frames that are so loud; the inverse of `quantize_loudness`, but for its rounding."""
    power: Tensor = 10 ** ((_SOFTEST_DB + _STEP_DB * loudness) / 10)
    return power
