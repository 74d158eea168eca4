"""Telling events without memory: by how loud each frame is, and by each frame alone."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Frames = NDArray[np.int64]

_MOST_FRAMES = 50_000
_ITERATIONS = 60
_DECAY = 1e-4


@final
@dataclass(frozen=True)
class EnergyThreshold:
    """Frames whose mean over all bands lies above a threshold are events, all of the commonest class."""

    threshold: float
    commonest: int

    @classmethod
    def fit(cls, values: Tensor, classes: Frames) -> Self:
        """The threshold with the fewest wrong frames `(frames, bands)`, among 200."""
        level = values.mean(1).numpy()
        counts = np.bincount(classes)
        counts[0] = 0
        commonest = int(counts.argmax())
        choices = np.quantile(level, np.linspace(0, 1, 200))
        wrong = [(np.where(level > choice, commonest, 0) != classes).mean() for choice in choices]
        return cls(float(choices[int(np.argmin(wrong))]), commonest)

    def told(self, values: Tensor) -> Frames:
        """The class of each frame."""
        return np.where(values.mean(1).numpy() > self.threshold, self.commonest, 0)


@final
@dataclass(frozen=True, eq=False)
class FrameByFrame:
    """A softmax over a linear map of each frame, by maximum likelihood (logistic regression)."""

    weight: Tensor
    bias: Tensor

    @classmethod
    def fit(cls, values: Tensor, classes: Frames, count: int) -> Self:
        """On up to 50,000 frames `(frames, bands)`, evenly spaced."""
        chosen = torch.linspace(0, len(values) - 1, min(len(values), _MOST_FRAMES)).long()
        x, y = values[chosen], torch.from_numpy(classes)[chosen]
        weight, bias = (torch.zeros(*shape, requires_grad=True) for shape in ((count, values.shape[1]), (count,)))
        optimizer = torch.optim.LBFGS([weight, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            optimizer.zero_grad()
            found = functional.cross_entropy(x @ weight.T + bias, y) + _DECAY * weight.square().sum()
            torch.autograd.backward(found)
            return found

        with torch.enable_grad():
            optimizer.step(loss)  # type: ignore[no-untyped-call]
        return cls(weight.detach(), bias.detach())

    def told(self, values: Tensor) -> Frames:
        """The class of each frame."""
        return np.asarray((values @ self.weight.T + self.bias).argmax(1).numpy())
