"""Mu-law on tensors, between sound and the even scale on which its levels lie (ITU-T G.711)."""

import math

import torch
from torch import Tensor


def compand(x: Tensor, num_codes: int) -> Tensor:
    """Mu-law companding of sound from -1 to 1 with `num_codes`; beyond that it keeps rising slowly."""
    return torch.sign(x) * torch.log1p((num_codes - 1) * x.abs()) / math.log(num_codes)


def expand(y: Tensor, num_codes: int) -> Tensor:
    """The inverse of `compand`."""
    return torch.sign(y) * torch.expm1(y.abs() * math.log(num_codes)) / (num_codes - 1)
