"""A heavy-tailed distribution for each value."""

from typing import Self, final

import numpy as np
import scipy  # loads `scipy.special` lazily, which is slow to import
import torch
from torch.nn import functional

from echoic.config import HeadSettings
from echoic.heads.base import Params, ValueHead, Values
from echoic.heads.gaussian import MIN_SCALE

MIN_DEGREES_OF_FREEDOM = 2.0
"""The variance is finite above two degrees of freedom."""


@final
class StudentT(ValueHead):
    """Location, scale and degrees of freedom (above two), trained by the negative log-likelihood in nats."""

    @classmethod
    def build(cls, width: int, features: int, outputs_per_step: int, settings: HeadSettings) -> Self:
        return cls(width, features, outputs_per_step, 3)

    def loss(self, params: Params, target: Values) -> Values:
        location, scale, degrees = self._split(params)
        half = (degrees + 1) / 2
        normalizer = torch.lgamma(degrees / 2) - torch.lgamma(half) + 0.5 * (degrees * torch.pi).log() + scale.log()
        return normalizer + half * torch.log1p(((target - location) / scale).square() / degrees)

    def mean(self, params: Params) -> Values:
        return params[..., 0]

    def sample(self, params: Params, generator: torch.Generator) -> Values:
        location, scale, degrees = self._split(params)
        normal = torch.randn(location.shape, generator=generator).to(location)
        # A chi-square with `degrees` degrees of freedom is twice a gamma variable of half that shape.
        chi_square = 2 * torch._standard_gamma(degrees.cpu() / 2, generator=generator).to(degrees)  # noqa: SLF001
        return location + scale * normal * torch.rsqrt(chi_square / degrees)

    def quantile(self, params: Params, level: float) -> Values:
        location, scale, degrees = self._split(params)
        standard = scipy.special.stdtrit(degrees.detach().cpu().numpy().astype(np.float64), level)
        return location + scale * torch.from_numpy(np.asarray(standard)).to(location)

    @staticmethod
    def _split(params: Params) -> tuple[Values, Values, Values]:
        return (
            params[..., 0],
            functional.softplus(params[..., 1]) + MIN_SCALE,
            functional.softplus(params[..., 2]) + MIN_DEGREES_OF_FREEDOM,
        )
