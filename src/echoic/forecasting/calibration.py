"""What dev decides after training: the network's weight in the forecast, and the width of its intervals."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.forecasting.levels import LEVELS
from echoic.forecasting.linear_maps import CombinationState
from echoic.types import stored

Array = NDArray[np.float64]

MAX_BLOCKS = 4
"""Blocks of the horizon with a weight of their own."""

MIN_ERRORS = 9
"""With fewer errors no 80 % interval can be calibrated; 95 % intervals require 39."""

ENOUGH_WINDOWS = 40
"""With fewer dev windows that do not overlap, past errors of the baselines count as well."""

_CANDIDATES = np.linspace(0, 1, 21)

_LOST_WINDOWS = 3
"""The mean of n windows over its standard error has the variance (n - 1) / (n - 3) of a t distribution."""


@final
@dataclass(frozen=True)
class DevRecord:
    """What was measured on dev, for people to read.

    `windows` that do not overlap, mean absolute `errors` of the network, the baselines and both, in units of the
    baselines' recent error, and the mean weight of each of the `baselines`; empty without a dev window.
    """

    windows: float
    errors: Mapping[str, float]
    baselines: Mapping[str, float]

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The record of a run.

        Raises:
            ValueError: a field is missing or is no number.
        """
        errors, baselines = stored.field(values, "errors"), stored.field(values, "baselines")
        return cls(
            stored.number(values, "windows", 0, math.inf),
            {
                name: stored.number(errors, name, 0, math.inf)
                for name in (("network", "baselines", "both") if errors else ())
            },
            {name: stored.number(baselines, name, -math.inf, math.inf) for name in baselines},
        )


@final
@dataclass(frozen=True, eq=False)
class Calibration:
    """The combination of baselines, the network's weight, and corrections of the quantiles.

    The forecast is `baselines + weight * (network - baselines)`, `weight` `(horizon,)`. `shift` `(levels, horizon,
    features)` is added to each quantile, in units of the baselines' mean recent error: split conformal prediction
    (Vovk 2005; for quantiles Romano 2019) with normalized scores (Lei 2018). Without a shift there are no intervals
    but those of the head.
    """

    combination: CombinationState
    weight: Array
    shift: Array | None
    dev: DevRecord

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {
            "combination": self.combination.to_json(),
            "weight": self.weight.tolist(),
            "levels": list(LEVELS),
            "shift": None if self.shift is None else self.shift.tolist(),
            "dev": asdict(self.dev),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The calibration that `to_json` wrote.

        Raises:
            ValueError: a field is missing, or has other shapes.
        """
        weight = stored.array(data, "weight", None)
        if stored.field(data, "levels") != list(LEVELS):
            raise ValueError(f"`levels` must be {list(LEVELS)}")
        has_shift = stored.field(data, "shift") is not None
        return cls(
            CombinationState.from_json(stored.field(data, "combination")),
            weight,
            stored.array(data, "shift", len(LEVELS), len(weight), None) if has_shift else None,
            DevRecord.from_json(stored.field(data, "dev")),
        )


class Residuals(NamedTuple):
    """Targets and forecasts of windows, `(windows, horizon, features)`, and their mean recent errors.

    `origins` `(windows,)` and `series` `(windows,)` say where the windows lie.
    """

    target: Array
    network: Array
    baselines: Array
    error: Array
    origins: Tensor
    series: Tensor


def choose_weight(residuals: Residuals) -> Array:
    """The weight of the network for each step ahead, `(horizon,)`, one for each of at most four blocks of the horizon.

    Of 21 weights the one with the smallest mean absolute error, shrunk towards 0 by how surely it improves on the
    baselines: with `t`, the mean improvement over its standard error, by `t^2 / (1 + t^2)` (a James-Stein factor).
    Windows that overlap count as one for each horizon; three or fewer are too few.
    """
    horizon = residuals.target.shape[1]
    count = effective_windows(residuals.origins, residuals.series, horizon)
    weight = np.zeros(horizon)
    for block in np.array_split(np.arange(horizon), min(MAX_BLOCKS, max(1, horizon // 4))):
        weight[block] = _block_weight(residuals, block, count)
    return weight


def effective_windows(origins: Tensor, series: Tensor, horizon: int) -> float:
    """The number of windows whose horizons do not overlap."""
    total = 0.0
    for one in series.unique():
        own = origins[series == one]
        total += min(float(len(own)), 1 + float(own.max() - own.min()) / horizon)
    return total


def _block_weight(residuals: Residuals, block: NDArray[np.int64], count: float) -> float:
    target, network, base = (values[:, block] for values in (residuals.target, residuals.network, residuals.baselines))
    scale = _typical(residuals.error)
    improvements = [_improvement(target, base, network, weight, scale) for weight in _CANDIDATES]
    means = [float(one.mean()) if len(one) else 0.0 for one in improvements]
    best = int(np.argmax(means))
    if means[best] <= 0 or count <= _LOST_WINDOWS:
        return 0.0
    t_squared = means[best] ** 2 / max(float(improvements[best].var()) / (count - _LOST_WINDOWS), 1e-300)
    return float(_CANDIDATES[best] * t_squared / (1 + t_squared))


def _improvement(target: Array, base: Array, network: Array, weight: float, scale: Array) -> Array:
    """By how much the weighted forecast's absolute error is smaller than the baselines', per window and in units."""
    gain = (np.abs(target - base) - np.abs(target - base - weight * (network - base))) / scale
    known = ~np.isnan(gain)
    counted = known.any((1, 2))
    return np.asarray(np.where(known, gain, 0.0).sum((1, 2))[counted] / known.sum((1, 2))[counted])


def _typical(error: Array) -> Array:
    """The mean recent errors, `(windows, 1, features)`, none of them far below the median of its feature."""
    return np.maximum(error, 0.1 * np.median(error, 0, keepdims=True) + 1e-300)


def conformal_shift(scores: Array) -> Array | None:
    """The correction of each quantile, `(levels, horizon, features)`; None with fewer than nine errors.

    Args:
        scores: by level, how far values lay above the forecast quantile, in units, `(levels, windows, horizon,
            features)`.
    """
    count = scores.shape[1]
    if count < MIN_ERRORS:
        return None
    shifts = []
    for level, above in zip(LEVELS, scores, strict=True):
        # The value still to come may lie outside all that were observed: count it on the outer side.
        corrected = level * (count + 1) / count if level > 0.5 else 1 - (1 - level) * (count + 1) / count
        shifts.append(_nanquantile(above, min(max(corrected, 0.0), 1.0)))
    return np.nan_to_num(np.stack(shifts))


def _nanquantile(values: Array, level: float) -> Array:
    """The quantile over the first axis without missing values, NaN where there are none."""
    if np.isnan(values).any():
        return np.asarray(torch.nanquantile(torch.from_numpy(values), level, 0))
    # Numpy orders only what it must, in a fifth of the time, once the values are next to each other.
    columns = np.ascontiguousarray(values.reshape(len(values), -1).T)
    with np.errstate(invalid="ignore"):  # between infinities
        return np.asarray(np.quantile(columns, level, axis=1)).reshape(values.shape[1:])


def dev_errors(residuals: Residuals, weight: Array) -> dict[str, float]:
    """Mean absolute errors of the network, the baselines and both, over the mean recent error of the baselines."""
    both = residuals.baselines + weight[:, None] * (residuals.network - residuals.baselines)
    scale = _typical(residuals.error)
    return {
        name: float(np.nanmean(np.abs(residuals.target - mean) / scale))
        for name, mean in (("network", residuals.network), ("baselines", residuals.baselines), ("both", both))
    }
