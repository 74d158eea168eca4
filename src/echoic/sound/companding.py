"""Mu-law on tensors, between sound and the even scale on which its levels lie (ITU-T G.711)."""

import math

import torch
from torch import Tensor


def companded(x: Tensor, levels: int) -> Tensor:
    """Sound from -1 to 1 as mu-law of so many `levels` has it; beyond that it goes on rising slowly."""
    return torch.sign(x) * torch.log1p((levels - 1) * x.abs()) / math.log(levels)


def expanded(y: Tensor, levels: int) -> Tensor:
    """The inverse of `companded`."""
    return torch.sign(y) * torch.expm1(y.abs() * math.log(levels)) / (levels - 1)
