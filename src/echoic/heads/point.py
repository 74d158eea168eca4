"""Point forecasts."""

from collections.abc import Callable
from functools import partial
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from echoic.config import HeadSettings
from echoic.heads.base import Params, ValueHead, Values

HUBER_DELTA = 0.5
"""Errors in scaled units above which the Huber loss is linear; below it is quadratic."""

_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": partial(functional.huber_loss, delta=HUBER_DELTA),
}


class Point(ValueHead):
    """A point forecast, trained by squared, absolute or Huber error. Draws and quantiles equal the point."""

    has_distribution = False

    def __init__(self, width: int, features: int, outputs_per_step: int, loss: str) -> None:
        super().__init__(width, features, outputs_per_step, 1)
        self._error = _LOSSES[loss]

    @classmethod
    def build(cls, width: int, features: int, outputs_per_step: int, settings: HeadSettings) -> Self:
        return cls(width, features, outputs_per_step, settings.loss)

    def loss(self, params: Params, target: Values) -> Values:
        return self._error(params[..., 0], target, reduction="none")

    def mean(self, params: Params) -> Values:
        return params[..., 0]

    def sample(self, params: Params, generator: torch.Generator) -> Values:
        return params[..., 0]

    def quantile(self, params: Params, level: float) -> Values:
        return params[..., 0]
