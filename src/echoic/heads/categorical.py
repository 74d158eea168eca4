"""One of several classes at each step."""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from echoic.heads.base import SymbolHead
from echoic.heads.sampling import Sampling, draw_class, shares


@final
class Categorical(SymbolHead):
    """A softmax over `classes`; targets `(batch, samples, 1)` are their numbers, `span` of them for each vector.

    With `tied`, a function that gives the embedding's weights `(classes, width)`, the map has no weights of its own
    (Press and Wolf 2017). `weights` `(classes,)` say how much each class counts in training.
    """

    def __init__(
        self,
        width: int,
        classes: int,
        tied: Callable[[], Tensor] | None = None,
        weights: Tensor | None = None,
        span: int = 1,
    ) -> None:
        super().__init__(width, 1, span, classes)
        self.weights: Tensor | None
        self.register_buffer("weights", weights, persistent=False)
        if tied is not None:
            self.linear = _Tied(tied, classes)  # type: ignore[assignment]

    def loss(self, params: Tensor, target: Tensor) -> Tensor:
        scores = params[:, :, 0].transpose(1, 2)
        weights = self.weights if self.training else None
        return functional.cross_entropy(scores, target[..., 0].long(), weights, reduction="none")[..., None]

    def right(self, params: Tensor, target: Tensor) -> Tensor:
        return self.likeliest(params) == target

    def likeliest(self, params: Tensor) -> Tensor:
        return params.argmax(-1).to(params.dtype)

    def draw(self, params: Tensor, generator: torch.Generator, sampling: Sampling) -> Tensor:
        return draw_class(params, shares(params.shape[:-1], generator), sampling).to(params.dtype)


@final
class _Tied(nn.Module):
    """A linear map whose weights are another part's, with a bias of its own."""

    def __init__(self, weights: Callable[[], Tensor], outputs: int) -> None:
        super().__init__()
        self.weights = weights
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """`(..., width)` to `(..., outputs)`."""
        return functional.linear(x, self.weights(), self.bias)
