"""Mu-law companding of tensors (ITU-T G.711)."""

import math

import torch
from torch import Tensor


def compand(x: Tensor, num_codes: int) -> Tensor:
    """Compresses sound from -1 to 1 by the mu-law of `num_codes` codes; defined beyond that range too."""
    return torch.sign(x) * torch.log1p((num_codes - 1) * x.abs()) / math.log(num_codes)


def expand(y: Tensor, num_codes: int) -> Tensor:
    """The inverse of `compand`."""
    return torch.sign(y) * torch.expm1(y.abs() * math.log(num_codes)) / (num_codes - 1)
