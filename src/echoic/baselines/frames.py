"""Memoryless baselines for event detection: an energy threshold and logistic regression on single frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from echoic.baselines.packed import pack, unpack

Frames = NDArray[np.int64]

_MAX_FRAMES = 50_000
_ITERATIONS = 60
_DECAY = 1e-4


@final
@dataclass(frozen=True)
class EnergyThreshold:
    """Predicts the most frequent event class for frames whose mean over all bands is above a threshold."""

    threshold: float
    majority_class: int

    @classmethod
    def fit(cls, values: Tensor, classes: Frames) -> Self:
        """Fits to frames `(frames, bands)`: the threshold with the lowest error rate among 200 quantiles."""
        level = values.mean(1).numpy()
        counts = np.bincount(classes)
        counts[0] = 0
        majority_class = int(counts.argmax())
        thresholds = np.quantile(level, np.linspace(0, 1, 200))
        error_rates = [(np.where(level > candidate, majority_class, 0) != classes).mean() for candidate in thresholds]
        return cls(float(thresholds[int(np.argmin(error_rates))]), majority_class)

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values."""
        return {"threshold": self.threshold, "majority_class": self.majority_class}

    def predict(self, values: Tensor) -> Frames:
        """The class of each frame."""
        return np.where(values.mean(1).numpy() > self.threshold, self.majority_class, 0)


@final
@dataclass(frozen=True)
class MajorityFrame:
    """Predicts the most frequent class for every frame."""

    majority_class: int

    @classmethod
    def fit(cls, classes: Frames) -> Self:
        """Fits to the classes of the training frames."""
        return cls(int(np.bincount(classes).argmax()))

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values."""
        return {"majority_class": self.majority_class}

    def predict(self, values: Tensor) -> Frames:
        """The class of each frame."""
        return np.full(len(values), self.majority_class, np.int64)


@final
@dataclass(frozen=True, eq=False)
class LogisticRegression:
    """Multinomial logistic regression on single frames."""

    weight: Tensor
    bias: Tensor

    @classmethod
    def fit(cls, values: Tensor, classes: Frames, num_classes: int) -> Self:
        """Fits to at most 50,000 evenly spaced frames `(frames, bands)`."""
        selected = torch.linspace(0, len(values) - 1, min(len(values), _MAX_FRAMES)).long()
        x, y = values[selected], torch.from_numpy(classes)[selected]
        weight, bias = (
            torch.zeros(*shape, requires_grad=True) for shape in ((num_classes, values.shape[1]), (num_classes,))
        )
        optimizer = torch.optim.LBFGS([weight, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimizer.zero_grad()
            loss_value = functional.cross_entropy(x @ weight.T + bias, y) + _DECAY * weight.square().sum()
            torch.autograd.backward(loss_value)
            return loss_value

        with torch.enable_grad():
            optimizer.step(loss)
        return cls(weight.detach(), bias.detach())

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values; arrays are packed."""
        return {"weight": pack(self.weight.numpy()), "bias": pack(self.bias.numpy())}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        bias = unpack(state, "bias", None)
        return cls(torch.from_numpy(unpack(state, "weight", len(bias), None)), torch.from_numpy(bias))

    def predict(self, values: Tensor) -> Frames:
        """The class of each frame."""
        return np.asarray((values @ self.weight.T + self.bias).argmax(1).numpy())
