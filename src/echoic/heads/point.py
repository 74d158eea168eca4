"""Point forecasts."""

from collections.abc import Callable
from functools import partial
from typing import Self, final

import torch
from torch import Tensor
from torch.nn import functional

from echoic.config import HeadSettings
from echoic.heads.base import ValueHead

HUBER_DELTA = 0.5
"""Errors in scaled units above which the Huber loss is linear; below it is quadratic."""

_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": partial(functional.huber_loss, delta=HUBER_DELTA),
}


@final
class Point(ValueHead):
    """A point forecast, trained by squared, absolute or Huber error. Draws and quantiles equal the point."""

    has_distribution = False

    def __init__(self, width: int, features: int, outputs_per_step: int, loss: str) -> None:
        super().__init__(width, features, outputs_per_step, 1)
        self._error = _LOSSES[loss]

    @classmethod
    def build(cls, width: int, features: int, outputs_per_step: int, settings: HeadSettings) -> Self:
        return cls(width, features, outputs_per_step, settings.loss)

    def loss(self, params: Tensor, target: Tensor) -> Tensor:
        return self._error(params[..., 0], target, reduction="none")

    def mean(self, params: Tensor) -> Tensor:
        return params[..., 0]

    def sample(self, params: Tensor, generator: torch.Generator) -> Tensor:
        return params[..., 0]

    def quantile(self, params: Tensor, level: float) -> Tensor:
        return params[..., 0]
