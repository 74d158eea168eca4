"""Memoryless baselines for event detection: an energy threshold and logistic regression on single frames."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import scipy  # loads `scipy.optimize` lazily, which is slow to import
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from echoic.baselines.packed import pack, unpack
from echoic.types import stored

Frames = NDArray[np.int64]

_MAX_FRAMES = 50_000
_ITERATIONS, _MEMORY = 100, 60
_MOST_CLASSES = 1 << 30
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

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        threshold = stored.number(state, "threshold", -sys.float_info.max, sys.float_info.max)
        return cls(threshold, stored.integer(state, "majority_class", 0, _MOST_CLASSES))

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

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(stored.integer(state, "majority_class", 0, _MOST_CLASSES))

    def predict(self, values: Tensor) -> Frames:
        """The class of each frame."""
        return np.full(len(values), self.majority_class, np.int64)


@dataclass(frozen=True, eq=False)
class _Objective:
    """The mean cross-entropy of `x` `(frames, bands)` and `targets` `(frames, classes)`, with weight decay.

    Its gradient is written out, since `torch.optim.LBFGS` imports `torch._dynamo`, which takes seconds.
    """

    x: Tensor
    targets: Tensor

    @torch.no_grad()
    def __call__(self, parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The value and the gradient at flat `parameters`, the weights of each class and then its bias."""
        weight, bias = _parameters(parameters, self.targets.shape[1])
        log_probs = functional.log_softmax(self.x @ weight.T + bias, 1)
        error = (log_probs.exp() - self.targets) / len(self.x)
        gradient = torch.column_stack([error.T @ self.x + 2 * _DECAY * weight, error.sum(0)])
        value = -(log_probs * self.targets).sum() / len(self.x) + _DECAY * weight.square().sum()
        return float(value), gradient.double().numpy().ravel()


def _parameters(flat: NDArray[np.float64], num_classes: int) -> tuple[Tensor, Tensor]:
    """The weights `(classes, bands)` and biases `(classes,)` in flat parameters."""
    table = torch.from_numpy(flat.reshape(num_classes, -1)).float()
    return table[:, :-1], table[:, -1]


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
        bands = values.shape[1]
        objective = _Objective(x.float(), functional.one_hot(y, num_classes).float())
        start = np.zeros(num_classes * (bands + 1))
        found = scipy.optimize.minimize(
            objective, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS, "maxcor": _MEMORY}
        )
        weight, bias = _parameters(found.x, num_classes)
        return cls(weight.contiguous(), bias.contiguous())

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
