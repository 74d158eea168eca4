"""The interfaces of heads."""

import abc
from collections.abc import Callable
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from echoic.config import HeadSettings
from echoic.heads.sampling import DEFAULT_SAMPLING, Sampling


class Head(nn.Module, abc.ABC):
    """A linear map from hidden vectors to the parameters of a distribution, with its loss and its draws.

    Each vector gives `outputs_per_step` output steps of `features` values with `parameters` numbers each. All methods
    take `params` `(batch, steps, features, parameters)` as `forward` returns them.
    """

    def __init__(self, width: int, features: int, outputs_per_step: int, parameters: int) -> None:
        super().__init__()
        self.features = features
        self.outputs_per_step = outputs_per_step
        self.parameters_per_value = parameters
        self.linear = nn.Linear(width, outputs_per_step * features * parameters)

    def forward(self, hidden: Tensor) -> Tensor:
        """`(batch, hidden, width)` to `(batch, hidden * outputs_per_step, features, parameters)`."""
        params: Tensor = self.linear(hidden)
        return params.view(len(hidden), -1, self.features, self.parameters_per_value)

    @abc.abstractmethod
    def loss(self, params: Tensor, target: Tensor) -> Tensor:
        """The loss without reduction, `(batch, steps, features)` like `target`, or `(batch, steps, 1)`."""

    def correct(self, params: Tensor, target: Tensor) -> Tensor | None:
        """Mask of the correct predictions, shaped like `loss`; None for heads of real numbers."""
        return None

    @abc.abstractmethod
    def sample(self, params: Tensor, generator: torch.Generator) -> Tensor:
        """A random draw, shaped like a target."""


class ValueHead(Head):
    """A head for real numbers, each with a distribution of its own: all methods work value by value."""

    has_distribution: ClassVar[bool] = True
    """Whether `quantile` and `sample` come from a distribution; otherwise they are the point forecast."""

    @classmethod
    @abc.abstractmethod
    def build(cls, width: int, features: int, outputs_per_step: int, settings: HeadSettings) -> Self:
        """The head for `settings`."""

    @abc.abstractmethod
    def mean(self, params: Tensor) -> Tensor:
        """The point forecast of each value."""

    @abc.abstractmethod
    def quantile(self, params: Tensor, level: float) -> Tensor:
        """The quantile at `level` of each value."""


class SymbolHead(Head):
    """A head for symbols: a class or a set of notes per step. Losses are exact negative log-likelihoods."""

    @abc.abstractmethod
    def mode(self, params: Tensor) -> Tensor:
        """The predicted symbols, shaped like a target."""

    @abc.abstractmethod
    def sample(self, params: Tensor, generator: torch.Generator, sampling: Sampling = DEFAULT_SAMPLING) -> Tensor:
        """A random draw under `sampling`; at temperature 0 the same as `mode`."""

    def sampler(self, sampling: Sampling) -> Callable[[Tensor, torch.Generator], Tensor]:
        """`sample` for many calls, with the current weights; a head may prepare a copy of them."""
        return lambda params, generator: self.sample(params, generator, sampling)
