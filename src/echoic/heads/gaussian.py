"""A normal distribution for each value."""

import math
from typing import Self, final

import torch
from torch import Tensor
from torch.nn import functional

from echoic.config import HeadSettings
from echoic.heads.base import Params, ValueHead, Values

MIN_SCALE = 1e-3
"""Lower bound of standard deviations in scaled units, which keeps the likelihood of a perfect fit finite."""


@final
class Gaussian(ValueHead):
    """Mean and standard deviation, trained by the negative log-likelihood in nats."""

    @classmethod
    def build(cls, width: int, features: int, outputs_per_step: int, settings: HeadSettings) -> Self:
        return cls(width, features, outputs_per_step, 2)

    def loss(self, params: Params, target: Values) -> Values:
        mean, scale = self._split(params)
        return 0.5 * ((target - mean) / scale).square().add(math.log(2 * math.pi)) + scale.log()

    def mean(self, params: Params) -> Values:
        return params[..., 0]

    def sample(self, params: Params, generator: torch.Generator) -> Values:
        mean, scale = self._split(params)
        return mean + scale * torch.randn(mean.shape, generator=generator).to(mean)

    def quantile(self, params: Params, level: float) -> Values:
        mean, scale = self._split(params)
        standard: Tensor = torch.special.ndtri(torch.tensor(level, dtype=mean.dtype))
        return mean + scale * standard

    @staticmethod
    def _split(params: Params) -> tuple[Values, Values]:
        return params[..., 0], functional.softplus(params[..., 1]) + MIN_SCALE
