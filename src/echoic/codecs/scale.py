"""Scaling of series, with statistics of the train split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.errors import DataError
from echoic.types import stored

_ROUNDING = {torch.float32: 1e-7, torch.float64: 1e-13}
"""Deviations that rounding leaves of equal values, relative to their size."""

METHODS = ("none", "standard", "robust", "minmax", "range", "log")


@final
@dataclass(frozen=True, eq=False)
class Scaler:
    """Scales values or their logarithms to `(value - center) / scale`, per series and feature.

    `center`, `scale` and `floor` are `(series, features)`, in float64. Values are scaled in their own precision: in
    float64, values of 1e9 keep the digits of a variation of 1. With a logarithm, values below `floor`, half the
    smallest positive training value, count as `floor`: a zero is a small value. Missing values (NaN) stay missing.
    """

    names: tuple[str, ...]
    log: bool
    center: Tensor
    scale: Tensor
    floor: Tensor

    @classmethod
    def fit(cls, method: str, names: Sequence[str], training: Sequence[Tensor], *, per_series: bool = True) -> Self:
        """Statistics of `training`, the training values `(steps, features)` of each series.

        Methods: none; standard (mean, standard deviation); robust (median, interquartile range); minmax (minimum,
        range); range (mean, range); log (logarithm, then standard). A feature that does not vary keeps scale 1.

        Raises:
            DataError: a value is negative and the method is log.
        """
        log = method == "log"
        floors = [_floor(values) if log else torch.zeros(values.shape[1]).double() for values in training]
        if log:
            training = [_log(*one) for one in zip(training, floors, names, strict=True)]
        if not per_series:
            shared = _statistics(method, torch.cat(list(training)))
            tables = [shared] * len(training)
        else:
            tables = [_statistics(method, values) for values in training]
        return cls(
            tuple(names),
            log,
            torch.stack([center for center, _ in tables]),
            torch.stack([scale for _, scale in tables]),
            torch.stack(floors),
        )

    def select(self, names: Sequence[str], rows: Tensor) -> Self:
        """The statistics of `rows`, for series with these names."""
        return type(self)(tuple(names), self.log, self.center[rows], self.scale[rows], self.floor[rows])

    def encode(self, values: Tensor, series: Tensor) -> Tensor:
        """Scaled `values` `(batch, steps, features)` of the series with these numbers `(batch,)`."""
        center, scale, floor = self._of(series, values.dtype)
        if self.log:
            values = torch.maximum(values, floor).log()
        return (values - center) / scale

    def decode(self, values: Tensor, series: Tensor) -> Tensor:
        """The inverse of `encode`."""
        center, scale, _ = self._of(series, values.dtype)
        values = values * scale + center
        return values.exp() if self.log else values

    def _of(self, series: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Center, scale and floor of each of `series`, `(batch, 1, features)`."""
        center, scale, floor = (one[series][:, None].to(dtype) for one in (self.center, self.scale, self.floor))
        return center, scale, floor

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {
            "names": list(self.names),
            "log": self.log,
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "floor": self.floor.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The scaler that `to_json` wrote.

        Raises:
            ValueError: a number is not finite, a scale is not positive, or the shapes differ.
        """
        names, log = stored.texts(data, "names"), stored.flag(data, "log")
        if not names:
            raise ValueError("`names` must not be empty")
        center, scale, floor = (_table(data, name, len(names)) for name in ("center", "scale", "floor"))
        if not center.shape == scale.shape == floor.shape:
            raise ValueError("`center`, `scale` and `floor` must have one shape")
        if not bool((scale > 0).all()) or (log and not bool((floor > 0).all())):
            raise ValueError("a scale, and the floor of a logarithm, must be greater than 0")
        return cls(names, log, center, scale, floor)


def _table(data: dict[str, Any], name: str, rows: int) -> Tensor:
    values = stored.field(data, name)
    try:
        table = torch.tensor(values, dtype=torch.float64).view(rows, -1)
    except (TypeError, RuntimeError, ValueError, OverflowError):
        raise ValueError(f"`{name}` must hold the numbers of {rows} series") from None
    if not bool(table.isfinite().all()):
        raise ValueError(f"`{name}` must hold finite numbers")
    return table


def _floor(values: Tensor) -> Tensor:
    """Half the smallest positive value of each column; the smallest float32 of columns without one."""
    smallest = torch.where(values > 0, values, torch.inf).amin(0) / 2
    return torch.where(torch.isinf(smallest), torch.finfo(torch.float32).tiny, smallest).double()


def _log(values: Tensor, floor: Tensor, name: str) -> Tensor:
    if bool((values < 0).any()):
        raise DataError(f"Series {name!r} has negative values; choose a --scale other than log.")
    return torch.maximum(values, floor.to(values.dtype)).log()


def _statistics(method: str, values: Tensor) -> tuple[Tensor, Tensor]:
    columns = [_column_statistics(method, column[~torch.isnan(column)].double()) for column in values.unbind(1)]
    center, scale = torch.tensor(columns, dtype=torch.float64).view(-1, 2).unbind(1)
    # A scale below the rounding of the values, or so small that division overflows, counts as constant.
    threshold = (_ROUNDING[values.dtype] * center.abs()).clamp(min=1e-30)
    return center, torch.where(scale > threshold, scale, 1.0)


def _column_statistics(method: str, column: Tensor) -> tuple[float, float]:
    if method == "none" or not len(column):
        return 0.0, 1.0
    span = float(column.max() - column.min())
    mean = float(column.mean())
    if method == "robust":
        quartiles = np.quantile(column.numpy(), [0.25, 0.5, 0.75])  # torch.quantile is limited to 16 million values
        return float(quartiles[1]), float(quartiles[2] - quartiles[0])
    if method == "minmax":
        return float(column.min()), span
    if method == "range":
        return mean, span
    return mean, float(column.std(correction=0))
