"""Parts of networks as a user would write them, in a module that is not part of echoic."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from echoic.cells import Cell
from echoic.encoders import Encoder
from echoic.heads import Sampling, SymbolHead, ValueHead
from echoic.heads.sampling import DEFAULT_SAMPLING


class MinGRU(Cell):
    """Feng 2024, in plain torch: gates that depend on the input alone."""

    num_gates = 2
    num_states = 1
    has_recurrent_weights = False

    def forward(
        self, x: Tensor, state: tuple[Tensor, ...], w_rec: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        z, candidate = self.project(x).chunk(2, -1)
        (h,), y = state, []
        for z_t, candidate_t in zip(z.sigmoid().unbind(1), candidate.unbind(1), strict=True):
            h = torch.lerp(h, candidate_t, z_t)
            y.append(h)
        return torch.stack(y, 1), (h,)

    def parallel_step(self, projected: Any, state: Any) -> Any:
        z, candidate = projected.chunk(2, -1)
        return torch.lerp(state[0][:, None], candidate, z.sigmoid())


class OtherCell(MinGRU):
    """The same arithmetic under another name."""


class Laplace(ValueHead):
    """Location and logarithm of the scale, trained by the negative log-likelihood."""

    @classmethod
    def build(cls, width: Any, features: Any, outputs_per_step: Any, settings: Any) -> Any:
        return cls(width, features, outputs_per_step, 2)

    def loss(self, params: Any, target: Any) -> Any:
        location, log_scale = params.unbind(-1)
        return (target - location).abs() * (-log_scale).exp() + log_scale + math.log(2)

    def mean(self, params: Any) -> Any:
        return params[..., 0]

    def quantile(self, params: Any, level: Any) -> Any:
        location, log_scale = params.unbind(-1)
        distance = -math.log(1 - 2 * abs(level - 0.5))
        return location + log_scale.exp() * math.copysign(distance, level - 0.5)

    def sample(self, params: Any, generator: Any) -> Any:
        location, log_scale = params.unbind(-1)
        level = torch.rand(location.shape, generator=generator) - 0.5
        return location - log_scale.exp() * level.sign() * torch.log1p(-2 * level.abs())


class Softmax(SymbolHead):
    """One of `size` symbols."""

    def __init__(self, width: Any, size: Any) -> None:
        super().__init__(width, 1, 1, size)

    def loss(self, params: Any, target: Any) -> Any:
        return functional.cross_entropy(params[:, :, 0].mT, target[..., 0].long(), reduction="none")[..., None]

    def mode(self, params: Any) -> Any:
        return params.argmax(-1).to(params.dtype)

    def sample(self, params: Any, generator: Any, sampling: Sampling = DEFAULT_SAMPLING) -> Any:
        drawn = torch.multinomial(params.softmax(-1).flatten(0, -2), 1, generator=generator)
        return drawn.view(params.shape[:-1]).to(params.dtype)


class WithTanh(Encoder):
    """Values, and the same values squashed."""

    is_stepwise = True

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.output_size = 2 * size

    def forward(self, x: Any) -> Any:
        return torch.cat([x, x.tanh()], -1)


class Smoothed(WithTanh):
    """An encoder that needs several steps at once."""

    is_stepwise = False


class Doubled(Encoder):
    """One-hot vectors of twos."""

    is_stepwise = True

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.output_size = size

    def forward(self, x: Any) -> Any:
        return 2 * functional.one_hot(x[..., 0].long(), self.output_size).to(x.dtype)


class Unsized(Encoder):
    """An encoder without `output_size`."""

    def __init__(self, size: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        return x


def gru(input_size: Any) -> Any:
    return torch.nn.GRU(input_size, 6, num_layers=2, batch_first=True)


class LSTM(torch.nn.LSTM):
    def __init__(self, input_size: Any) -> None:
        super().__init__(input_size, 6, batch_first=True)


def bidirectional(input_size: Any) -> Any:
    return torch.nn.GRU(input_size, 6, batch_first=True, bidirectional=True)


def feedforward(input_size: Any) -> Any:
    return torch.nn.Sequential(torch.nn.Linear(input_size, 5), torch.nn.Tanh())


def flattening(input_size: Any) -> Any:
    return torch.nn.Flatten()
