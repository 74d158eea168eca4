"""Normalization of each clip by itself, where its level or scale does not depend on the label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import scipy
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.types import stored

_MIN_SPREAD = 0.1
"""Spread of levels (in units of the deviation within clips) or log scales from which clips are normalized."""

_SIGNIFICANCE = 0.01
"""Level of the test whether a clip's level or scale depends on its label, divided by the number of tests."""

_EPS = 1e-8


@final
@dataclass(frozen=True)
class ClipNorm:
    """Whether to subtract the mean of each clip, and to divide by its standard deviation, for each value of a step."""

    center: bool = False
    scale: bool = False

    @classmethod
    def fit(cls, clips: Sequence[Tensor], labels: Sequence[str]) -> Self:
        """From training clips `(steps, values)`: levels and scales that vary, but equally so for all labels."""
        means, stds = (np.stack(rows) for rows in zip(*map(_statistics, clips), strict=True))
        spread = means.std(0) / (np.median(stds, 0) + _EPS)
        logs = np.log(stds + _EPS)
        return cls(
            bool(spread.max() > _MIN_SPREAD) and not depends_on_label(means, labels),
            bool(logs.std(0).max() > _MIN_SPREAD) and not depends_on_label(logs, labels),
        )

    def apply(self, clip: Tensor) -> Tensor:
        """The normalized clip `(steps, values)`; a constant clip becomes zeros."""
        if not (self.center or self.scale):
            return clip
        mean, std = (torch.from_numpy(row).float() for row in _statistics(clip))
        centered = clip - mean if self.center or self.scale else clip
        scaled = centered / (std + _EPS) if self.scale else centered
        return scaled if self.center else scaled + mean

    def to_json(self) -> dict[str, Any]:
        """Both choices as plain JSON values."""
        return {"center": self.center, "scale": self.scale}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(stored.flag(values, "center"), stored.flag(values, "scale"))


NO_NORM = ClipNorm()


def depends_on_label(values: NDArray[np.float64], labels: Sequence[str]) -> bool:
    """Whether the mean of any column of `values` `(clips, columns)` differs between labels (analysis of variance)."""
    names = np.array(labels)
    groups = [values[names == name] for name in np.unique(names)]
    within = sum((np.square(group - group.mean(0)).sum(0) for group in groups), np.zeros(values.shape[1]))
    between = np.square(values - values.mean(0)).sum(0) - within
    free = len(values) - len(groups)
    if free < 1 or len(groups) < 2:
        return True
    ratio = (between / (len(groups) - 1)) / (within / free + _EPS**2)
    p = scipy.stats.f.sf(ratio, len(groups) - 1, free)
    return bool(p.min() < _SIGNIFICANCE / values.shape[1])


def _statistics(clip: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each value, without missing ones."""
    values = clip.double().numpy()
    known = ~np.isnan(values)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, values, 0.0).sum(0) / count
    std = np.sqrt(np.where(known, np.square(values - mean), 0.0).sum(0) / count)
    return mean, std
