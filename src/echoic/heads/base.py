"""The interfaces of heads."""

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self, final

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from echoic.config import HeadSettings
from echoic.heads.sampling import DEFAULT_SAMPLING, Sampling
from echoic.ops import in_float32

Params = Float[Tensor, "batch steps features params"]
"""Parameters of the distribution of each value."""

Values = Float[Tensor, "batch steps features"]
"""One real number per feature."""

Target = Float[Tensor, "batch steps values"]
"""Real numbers, one per feature, or symbols: class indices, notes that are on, codes of samples."""


class Head(nn.Module, abc.ABC):
    """A linear map from hidden vectors to the parameters of a distribution, with its loss and its draws.

    Each vector gives `outputs_per_step` output steps of `features` values with `parameters` numbers each. All methods
    take `params` as `forward` returns them.
    """

    loss_is_stepwise: ClassVar[bool] = True
    """Whether the loss of a step depends on that step alone, so that masked ones can be left out of the others."""

    curriculum_fraction: float = 0.0
    """The fraction of training in which the loss is not yet that of dev; early stopping waits for its end."""

    def __init__(self, width: int, features: int, outputs_per_step: int, parameters: int) -> None:
        super().__init__()
        self.features = features
        self.outputs_per_step = outputs_per_step
        self.parameters_per_value = parameters
        self.linear = nn.Linear(width, outputs_per_step * features * parameters)

    def forward(self, hidden: Float[Tensor, "batch vectors width"]) -> Params:
        """Parameters for `outputs_per_step` steps per vector."""
        params = in_float32(self.linear, hidden)
        return params.view(len(hidden), -1, self.features, self.parameters_per_value)

    @abc.abstractmethod
    def loss(self, params: Params, target: Target) -> Float[Tensor, "batch steps _"]:
        """The loss without reduction, one number per value or one per step."""

    def correct(self, params: Params, target: Target) -> Bool[Tensor, "batch steps _"] | None:
        """Mask of the correct predictions, shaped like `loss`; None for heads of real numbers."""
        return None

    @abc.abstractmethod
    def sample(self, params: Params, generator: torch.Generator) -> Target:
        """A random draw."""


class ValueHead(Head):
    """A head for real numbers, each with a distribution of its own: all methods work value by value."""

    has_distribution: ClassVar[bool] = True
    """Whether `quantile` and `sample` come from a distribution; otherwise they are the point forecast."""

    @classmethod
    @abc.abstractmethod
    def build(cls, width: int, features: int, outputs_per_step: int, settings: HeadSettings) -> Self:
        """The head for `settings`."""

    @abc.abstractmethod
    def mean(self, params: Params) -> Values:
        """The point forecast of each value."""

    @abc.abstractmethod
    def quantile(self, params: Params, level: float) -> Values:
        """The quantile at `level` of each value."""


class SymbolHead(Head):
    """A head for symbols: a class or a set of notes per step. Losses are exact negative log-likelihoods."""

    @abc.abstractmethod
    def mode(self, params: Params) -> Target:
        """The predicted symbols."""

    @abc.abstractmethod
    def sample(self, params: Params, generator: torch.Generator, sampling: Sampling = DEFAULT_SAMPLING) -> Target:
        """A random draw under `sampling`; at temperature 0 the same as `mode`."""

    def sampler(self, sampling: Sampling) -> Callable[[Params, torch.Generator], Target]:
        """`sample` for many calls, with the current weights; a head may prepare a copy of them."""
        return HeadSampler(self, sampling)


@final
@dataclass(frozen=True)
class HeadSampler:
    """Draws symbols by the head's own `sample`."""

    head: SymbolHead
    sampling: Sampling

    def __call__(self, params: Params, generator: torch.Generator) -> Target:
        """Symbols from head parameters."""
        return self.head.sample(params, generator, self.sampling)
