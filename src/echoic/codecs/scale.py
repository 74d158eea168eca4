"""Scaling of series, with statistics of the train split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.errors import DataError
from echoic.types import stored

_NUMBERS_AT_ONCE = 1 << 20
"""Values of several columns whose statistics are computed at a time; each takes some 30 bytes meanwhile."""

_ROUNDING = {torch.float32: 1e-7, torch.float64: 1e-13}
"""Deviations that rounding leaves of equal values, relative to their size."""


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
        values, lengths = torch.cat(list(training)), torch.tensor([len(one) for one in training])
        log = method == "log"
        floor = torch.zeros(len(names), values.shape[1], dtype=torch.float64)
        if log:
            series = torch.arange(len(names)).repeat_interleave(lengths)
            _refuse_negative(values, series, names)
            floor = _floor(values, series, len(names))
            values = torch.maximum(values, floor.to(values.dtype)[series]).log()
        center, scale = _statistics(method, values, lengths if per_series else lengths.sum()[None])
        every = (len(names), values.shape[1])
        return cls(tuple(names), log, center.expand(every), scale.expand(every), floor)

    @property
    def tables(self) -> tuple[Tensor, Tensor, Tensor]:
        """`center`, `scale` and `floor`."""
        return self.center, self.scale, self.floor

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
        center, scale, floor = (one[series][:, None].to(dtype) for one in self.tables)
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


def _floor(values: Tensor, series: Tensor, num_series: int) -> Tensor:
    """Half the smallest positive value of each series and column; the smallest float32 where there is none."""
    positive = torch.where(values > 0, values, torch.inf)
    smallest = values.new_full((num_series, values.shape[1]), torch.inf)
    smallest = smallest.scatter_reduce_(0, series[:, None].expand_as(values), positive, "amin") / 2
    return torch.where(torch.isinf(smallest), torch.finfo(torch.float32).tiny, smallest).double()


def _refuse_negative(values: Tensor, series: Tensor, names: Sequence[str]) -> None:
    negative = (values < 0).any(1)
    if bool(negative.any()):
        name = names[int(series[negative.int().argmax()])]
        raise DataError(f"Series {name!r} has negative values; choose a --scale other than log.")


def _statistics(method: str, values: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Center and scale `(series, columns)` of series with these `lengths`, one after the other in `values`."""
    found = torch.empty(len(lengths), values.shape[1], 2, dtype=torch.float64)
    lacks = values.isnan().any(0)
    complete, width = (~lacks).nonzero()[:, 0], max(1, _NUMBERS_AT_ONCE // max(1, len(values)))
    # Columns with missing values have numbers of values of their own.
    for chosen in (*complete.split(width), *lacks.nonzero()):
        found[:, chosen] = _block_statistics(method, values[:, chosen], lengths)
    center, scale = found.unbind(2)
    # A scale below the rounding of the values, or so small that division overflows, counts as constant.
    threshold = (_ROUNDING[values.dtype] * center.abs()).clamp(min=1e-30)
    return center, torch.where(scale > threshold, scale, 1.0)


def _block_statistics(method: str, block: Tensor, lengths: Tensor) -> Tensor:
    """Center and scale of each series, `(series, columns, 2)`; series with the same number of values at once.

    Values are missing in all columns of `block` or in none.
    """
    found = torch.tensor([0.0, 1.0], dtype=torch.float64).repeat(len(lengths), block.shape[1], 1)
    if method == "none" or not block.shape[1]:
        return found
    known = ~torch.isnan(block[:, 0])
    counts = torch.arange(len(lengths)).repeat_interleave(lengths)[known].bincount(minlength=len(lengths))
    # Each column is one piece of memory, so that its sums do not depend on the others.
    columns, begins = (block if known.all() else block[known]).T.contiguous().double(), counts.cumsum(0) - counts
    kinds, kind, sizes = counts.unique(return_inverse=True, return_counts=True)
    for count, own in zip(kinds.tolist(), kind.argsort().split(sizes.tolist()), strict=True):
        if count:
            first = int(begins[own[0]])
            is_one = len(own) == 1
            places = slice(first, first + count) if is_one else begins[own][:, None] + torch.arange(count)
            rows = columns[:, places].view(len(columns), len(own), count)
            found[own] = torch.stack(_row_statistics(method, rows), -1).transpose(0, 1)
    return found


def _row_statistics(method: str, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Center and scale `(columns, series)` of `rows` `(columns, series, values)`."""
    if method == "robust":
        quartiles = np.quantile(rows.numpy(), [0.25, 0.5, 0.75], axis=2)  # torch's is limited to 16 million values
        low, median, high = torch.from_numpy(quartiles)
        return median, high - low
    if method in ("minmax", "range"):
        lowest, highest = rows.aminmax(dim=2)
        return (lowest if method == "minmax" else rows.mean(2)), highest - lowest
    mean = rows.mean(2)
    return mean, (rows - mean[:, :, None]).square_().mean(2).sqrt()
