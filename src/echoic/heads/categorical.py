"""One of several classes at each step."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from echoic.heads.base import SymbolHead
from echoic.heads.sampling import DEFAULT_SAMPLING, Sampling, SymbolSampler

Logits = Float[Tensor, "batch steps 1 classes"]
Classes = Float[Tensor, "batch steps 1"]
"""Class indices."""


class Categorical(SymbolHead):
    """A softmax over `num_classes`; targets are class indices, `outputs_per_step` per vector.

    With `tied`, a function that returns the embedding's weights, the output layer has no weights
    of its own (Press and Wolf 2017). `weights` weight the classes in the training loss.
    """

    def __init__(
        self,
        width: int,
        num_classes: int,
        tied: Callable[[], Float[Tensor, "classes width"]] | None = None,
        weights: Float[Tensor, "classes"] | None = None,
        outputs_per_step: int = 1,
    ) -> None:
        super().__init__(width, 1, outputs_per_step, num_classes)
        self.weights: Tensor | None
        self.register_buffer("weights", weights, persistent=False)
        if tied is not None:
            self.linear = _Tied(tied, num_classes)  # type: ignore[assignment]

    def loss(self, params: Logits, target: Classes) -> Float[Tensor, "batch steps 1"]:
        logits = params[:, :, 0].transpose(1, 2)
        weights = self.weights if self.training else None
        return functional.cross_entropy(logits, target[..., 0].long(), weights, reduction="none")[..., None]

    def correct(self, params: Logits, target: Classes) -> Bool[Tensor, "batch steps 1"]:
        return self.mode(params) == target

    def mode(self, params: Logits) -> Classes:
        return params.argmax(-1).to(params.dtype)

    def sample(self, params: Logits, generator: torch.Generator, sampling: Sampling = DEFAULT_SAMPLING) -> Classes:
        return SymbolSampler(sampling)(params, generator)

    def sampler(self, sampling: Sampling) -> SymbolSampler:
        return SymbolSampler(sampling)


class _Tied(nn.Module):
    """A linear layer that shares the weights of another module, with its own bias."""

    def __init__(self, weights: Callable[[], Float[Tensor, "classes width"]], outputs: int) -> None:
        super().__init__()
        self.weights = weights
        self.bias = nn.Parameter(torch.zeros(outputs))

    @property
    def weight(self) -> Float[Tensor, "classes width"]:
        """The shared weights."""
        return self.weights()

    def forward(self, x: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch classes"]:
        """The logits."""
        return functional.linear(x, self.weights(), self.bias)
