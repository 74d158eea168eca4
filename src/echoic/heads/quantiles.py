"""Quantile regression."""

from collections.abc import Sequence
from typing import Self, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from echoic.config import HeadSettings
from echoic.heads.base import Params, ValueHead, Values


@final
class Quantiles(ValueHead):
    """One quantile for each of `levels`, without crossing, trained by the mean pinball loss (Koenker 1978)."""

    levels: Float[Tensor, "levels"]

    def __init__(self, width: int, features: int, outputs_per_step: int, levels: Sequence[float]) -> None:
        super().__init__(width, features, outputs_per_step, len(levels))
        self.register_buffer("levels", torch.tensor(levels), persistent=False)

    @classmethod
    def build(cls, width: int, features: int, outputs_per_step: int, settings: HeadSettings) -> Self:
        return cls(width, features, outputs_per_step, settings.quantiles)

    def loss(self, params: Params, target: Values) -> Values:
        error = target[..., None] - self._values(params)
        return 2 * torch.maximum(self.levels * error, (self.levels - 1) * error).mean(-1)

    def mean(self, params: Params) -> Values:
        """The median, interpolated between the nearest levels."""
        return self.quantile(params, 0.5)

    def sample(self, params: Params, generator: torch.Generator) -> Values:
        values = self._values(params)
        level = torch.rand(values.shape[:-1], generator=generator).to(values)
        return self._interpolate(values, level)

    def quantile(self, params: Params, level: float) -> Values:
        values = self._values(params)
        return self._interpolate(values, values.new_full(values.shape[:-1], level))

    @staticmethod
    def _values(params: Params) -> Float[Tensor, "batch steps features levels"]:
        """The quantiles, increasing: each adds a positive step to the one before."""
        first, steps = params[..., :1], functional.softplus(params[..., 1:])
        return torch.cat([first, first + steps.cumsum(-1)], -1)

    def _interpolate(self, values: Float[Tensor, "batch steps features levels"], level: Values) -> Values:
        """Linear interpolation between the levels, constant beyond them."""
        if len(self.levels) == 1:
            return values[..., 0]
        above = torch.searchsorted(self.levels, level.contiguous()).clamp(1, len(self.levels) - 1)
        low, high = self.levels[above - 1], self.levels[above]
        weight = ((level - low) / (high - low)).clamp(0, 1)
        return torch.lerp(
            values.gather(-1, (above - 1)[..., None])[..., 0], values.gather(-1, above[..., None])[..., 0], weight
        )
