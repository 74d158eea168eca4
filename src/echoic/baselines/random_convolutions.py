"""Random convolutions with ridge regression as a classifier (ROCKET, Dempster 2020, arXiv 1910.13051)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from echoic.baselines.packed import pack, unpack
from echoic.baselines.warping import evenly_by_class
from echoic.types import stored

Array = NDArray[np.float64]

TAPS = 9
"""Length of a kernel; all have the same, as in MiniRocket (Dempster 2021), whose biases are used as well."""

MAX_KERNELS, MIN_KERNELS = 2000, 300
MAX_WORK = 5e10
"""Multiplications of all convolutions; some ten seconds."""

MAX_CLIPS = 2000
"""Training clips that the regression uses; its time grows with their cube."""

_MIN_STD = 0.01
"""Features that vary less in training are not blown up to a deviation of one: new clips may lie far outside."""

_BLOCK_VALUES = 1 << 21
_MOST_DILATION = 1 << 20
_ALPHAS = np.logspace(-3, 5, 17)
_TEMPERATURES = np.logspace(-1, 2, 25)


@final
@dataclass(frozen=True, eq=False)
class Kernels:
    """Kernels of one dilation, `weights` `(kernels, values, taps)`, and what their output is compared with."""

    dilation: int
    weights: Tensor
    bias: Tensor

    @classmethod
    def draw(cls, dilation: int, count: int, clips: Sequence[Tensor], rng: np.random.Generator) -> Self:
        """Normal weights with a mean of zero on a random subset of the values, biases from outputs on random clips."""
        values = clips[0].shape[1]
        weights = rng.normal(size=(count, values, TAPS))
        weights -= weights.mean(-1, keepdims=True)
        # Between one and all values, small numbers as often as large ones on a logarithmic scale.
        sizes = np.floor(np.exp2(rng.uniform(0, math.log2(values + 1), count)))
        order = rng.random((count, values)).argsort(1).argsort(1)
        weights[order >= sizes[:, None]] = 0.0
        kernels = cls(dilation, torch.from_numpy(weights).float(), torch.zeros(count))
        chosen, levels = rng.integers(len(clips), size=count), rng.random(count)
        bias = torch.zeros(count)
        for number in np.unique(chosen):
            own = np.flatnonzero(chosen == number)
            response = kernels.responses(clips[number].T[None], own)[0]
            bias[own] = torch.from_numpy(quantiles(response.numpy(), levels[own])).float()
        return cls(dilation, kernels.weights, bias)

    def responses(self, x: Tensor, chosen: NDArray[np.int64] | slice = slice(None)) -> Tensor:
        """The outputs `(clips, kernels, steps)` for `x` `(clips, values, steps)`, padded with zeros."""
        return functional.conv1d(x, self.weights[chosen], padding=self.dilation * (TAPS // 2), dilation=self.dilation)

    def features(self, x: Tensor, lengths: Tensor) -> Tensor:
        """The fraction of valid steps above the bias, and the maximum, of each kernel, `(clips, 2 * kernels)`."""
        response = self.responses(x)
        if int(lengths.min()) < x.shape[2]:
            # Neither above the bias nor the maximum.
            padding = (torch.arange(x.shape[2]) >= lengths[:, None])[:, None]
            response.masked_fill_(padding, -torch.inf)
        above = (response > self.bias[:, None]).float().sum(2) / lengths[:, None]
        return torch.cat([above, response.amax(2)], 1)


@final
@dataclass(frozen=True, eq=False)
class RandomConvolutions:
    """Ridge regression on pooled outputs of random kernels; its penalty is chosen by leaving one clip out."""

    kernels: tuple[Kernels, ...]
    center: Array
    scale: Array
    weights: Array
    intercept: Array
    temperature: float
    limits: tuple[str, ...]
    """What was left out to save time, in words."""

    @classmethod
    @torch.no_grad()
    def fit(cls, clips: Sequence[Tensor], labels: NDArray[np.int64], classes: int, queries: int, seed: int = 0) -> Self:
        """From training clips `(steps, values)`, with as many kernels as are affordable for `queries` more."""
        rng = np.random.default_rng(seed)
        kept = evenly_by_class(labels, MAX_CLIPS)
        clips = [clips[number] for number in kept]
        steps = sum(len(clip) for clip in clips) / len(clips)
        work = steps * TAPS * clips[0].shape[1] * (len(clips) + queries)
        count = int(min(MAX_KERNELS, max(MIN_KERNELS, MAX_WORK / work)))
        kernels = draw_kernels(clips, count, rng)
        features = _features(kernels, clips)
        center, scale = features.mean(0), np.maximum(features.std(0), _MIN_STD)
        targets = np.where(labels[kept, None] == np.arange(classes), 1.0, -1.0)
        intercept = targets.mean(0)
        scaled = (features - center) / scale
        weights, left_out = ridge(scaled, targets - intercept)
        temperature = _best_temperature(left_out + intercept, labels[kept])
        limits = () if len(kept) == len(labels) else (f"{len(kept):,} of {len(labels):,} training clips",)
        return cls(kernels, center, scale, weights, intercept, temperature, limits)

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values; arrays are packed."""
        return {
            "dilations": [group.dilation for group in self.kernels],
            "kernels": [pack(group.weights.numpy()) for group in self.kernels],
            "biases": [pack(group.bias.numpy()) for group in self.kernels],
            "center": pack(self.center),
            "scale": pack(self.scale),
            "weights": pack(self.weights),
            "intercept": pack(self.intercept),
            "temperature": self.temperature,
            "limits": list(self.limits),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing, or the shapes do not fit together.
        """
        dilations, packed, biases = (stored.field(values, name) for name in ("dilations", "kernels", "biases"))
        if not isinstance(dilations, list) or not dilations or not len(dilations) == len(packed) == len(biases):
            raise ValueError("`dilations`, `kernels` and `biases` must be lists of one length")
        kernels = []
        for one, group, bias in zip(dilations, packed, biases, strict=True):
            dilation = stored.integer({"dilations": one}, "dilations", 1, _MOST_DILATION)
            weights = unpack({"kernels": group}, "kernels", None, None, TAPS)
            thresholds = unpack({"biases": bias}, "biases", len(weights))
            kernels.append(Kernels(dilation, torch.from_numpy(weights), torch.from_numpy(thresholds)))
        if len({group.weights.shape[1] for group in kernels}) != 1:
            raise ValueError("`kernels` must be of one number of values")
        features = 2 * sum(len(group.weights) for group in kernels)
        center, scale = (unpack(values, name, features).astype(np.float64) for name in ("center", "scale"))
        ridge_weights = unpack(values, "weights", features, None).astype(np.float64)
        intercept = unpack(values, "intercept", ridge_weights.shape[1]).astype(np.float64)
        if not bool((scale > 0).all()):
            raise ValueError("`scale` must hold numbers greater than 0")
        temperature = stored.number(values, "temperature", 1e-6, 1e6)
        return cls(tuple(kernels), center, scale, ridge_weights, intercept, temperature, stored.texts(values, "limits"))

    @torch.no_grad()
    def predict_probs(self, clips: Sequence[Tensor]) -> Array:
        """The softmax of the regression's outputs, `(clips, classes)`."""
        scaled = (_features(self.kernels, clips) - self.center) / self.scale
        return softmax(self.temperature * (scaled @ self.weights + self.intercept))


def quantiles(rows: NDArray[np.float32], levels: Array) -> Array:
    """The quantile of each row at the level of its own: as `np.quantile` finds them one by one, without NaN."""
    ordered, last = np.sort(rows, 1), rows.shape[1] - 1
    place = last * levels
    below = np.floor(place).astype(np.int64)
    low, high = np.take_along_axis(ordered, np.stack([below, np.minimum(below + 1, last)], 1), 1).T
    fraction, between = place - below, high - low
    return np.asarray(np.where(fraction < 0.5, low + between * fraction, high - between * (1 - fraction)))


def draw_kernels(clips: Sequence[Tensor], count: int, rng: np.random.Generator) -> tuple[Kernels, ...]:
    """About `count` kernels whose dilations are powers of two, up to the length of the longest clip."""
    steps = max(len(clip) for clip in clips)
    most = max(0, int(math.log2(max(1, (steps - 1) / (TAPS - 1)))))
    per_dilation = max(1, count // (most + 1))
    return tuple(Kernels.draw(2**power, per_dilation, clips, rng) for power in range(most + 1))


def ridge(features: Array, targets: Array) -> tuple[Array, Array]:
    """Weights, and predictions for each row by a regression on all others, at the best of a few penalties.

    Both are from the eigenvectors of the rows' products, so that many features cost little.
    """
    values, vectors = np.linalg.eigh(features @ features.T)
    rotated, squares = vectors.T @ targets, np.square(vectors)

    def dual(alpha: float) -> tuple[Array, Array]:
        """Weights of the rows, and the error of each row when it is left out."""
        shrunk = 1.0 / (values.clip(min=0.0) + alpha)
        weights = vectors @ (shrunk[:, None] * rotated)
        return weights, weights / (squares @ shrunk)[:, None]

    penalties = (_ALPHAS * len(features)).tolist()
    weights, errors = min(map(dual, penalties), key=lambda one: float(np.square(one[1]).sum()))
    return features.T @ weights, targets - errors


def softmax(scores: Array) -> Array:
    """Probabilities from scores, by row."""
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _best_temperature(scores: Array, labels: NDArray[np.int64]) -> float:
    """The factor of `scores` `(clips, classes)` with the lowest loss; as in Platt scaling, no label is quite certain.

    Otherwise scores that separate all training clips would make every prediction certain.
    """
    clips, classes = scores.shape
    targets = np.full((clips, classes), 1.0 / (clips + 2) / (classes - 1))
    targets[np.arange(clips), labels] = (clips + 1) / (clips + 2)
    nats = [-(targets * np.log(softmax(factor * scores) + 1e-12)).sum() for factor in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(nats))])


def _features(kernels: Sequence[Kernels], clips: Sequence[Tensor]) -> Array:
    """The features of all kernels, in blocks of clips."""
    steps = max(len(clip) for clip in clips)
    block = max(1, _BLOCK_VALUES // (steps * len(kernels[0].bias)))
    rows = []
    for start in range(0, len(clips), block):
        own = clips[start : start + block]
        x = torch.nn.utils.rnn.pad_sequence(list(own), batch_first=True).transpose(1, 2)
        lengths = torch.tensor([len(clip) for clip in own])
        rows.append(torch.cat([group.features(x, lengths) for group in kernels], 1))
    return torch.cat(rows).double().numpy()
