"""What every head can do."""

import abc
from typing import Self

import torch
from torch import Tensor, nn

from echoic.config import HeadSettings


class Head(nn.Module, abc.ABC):
    """A linear map from hidden vectors to the parameters of a distribution, and what follows from them.

    A vector renders `span` samples of `features` values, each described by `parameters` numbers. All methods take
    `params` `(batch, samples, features, parameters)` as `forward` gives them, and work value by value.
    """

    def __init__(self, width: int, features: int, span: int, parameters: int) -> None:
        super().__init__()
        self.features = features
        self.parameters_per_value = parameters
        self.linear = nn.Linear(width, span * features * parameters)

    @classmethod
    @abc.abstractmethod
    def build(cls, width: int, features: int, span: int, settings: HeadSettings) -> Self:
        """The head that `settings` ask for."""

    def forward(self, vectors: Tensor) -> Tensor:
        """`(batch, vectors, width)` to `(batch, vectors * span, features, parameters)`."""
        params: Tensor = self.linear(vectors)
        return params.view(len(vectors), -1, self.features, self.parameters_per_value)

    @abc.abstractmethod
    def loss(self, params: Tensor, target: Tensor) -> Tensor:
        """The loss of each value, `(batch, samples, features)` like `target`; without reduction."""

    @abc.abstractmethod
    def mean(self, params: Tensor) -> Tensor:
        """The point forecast of each value."""

    @abc.abstractmethod
    def sample(self, params: Tensor, generator: torch.Generator) -> Tensor:
        """A random draw of each value."""

    @abc.abstractmethod
    def quantile(self, params: Tensor, level: float) -> Tensor:
        """The value below which a share `level` lies."""
