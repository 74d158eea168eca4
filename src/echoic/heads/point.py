"""One value, no distribution."""

from collections.abc import Callable
from typing import Self, final

import torch
from torch import Tensor
from torch.nn import functional

from echoic.config import HeadSettings
from echoic.heads.base import Head

_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
}


@final
class Point(Head):
    """The forecast itself, trained by squared, absolute or Huber error. Its draws and quantiles are that value."""

    def __init__(self, width: int, features: int, span: int, loss: str) -> None:
        super().__init__(width, features, span, 1)
        self._error = _LOSSES[loss]

    @classmethod
    def build(cls, width: int, features: int, span: int, settings: HeadSettings) -> Self:
        return cls(width, features, span, settings.loss)

    def loss(self, params: Tensor, target: Tensor) -> Tensor:
        return self._error(params[..., 0], target, reduction="none")

    def mean(self, params: Tensor) -> Tensor:
        return params[..., 0]

    def sample(self, params: Tensor, generator: torch.Generator) -> Tensor:
        return params[..., 0]

    def quantile(self, params: Tensor, level: float) -> Tensor:
        return params[..., 0]
