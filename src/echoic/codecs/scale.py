"""Scaling of series, with statistics of the train split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.errors import DataError

METHODS = ("none", "standard", "robust", "minmax", "range", "log")


@final
@dataclass(frozen=True, eq=False)
class Scaler:
    """Scales values or their logarithms to `(value - center) / scale`, per series and feature.

    `center` and `scale` are `(series, features)`, in float32. Missing values (NaN) stay missing.
    """

    names: tuple[str, ...]
    log: bool
    center: Tensor
    scale: Tensor

    @classmethod
    def fit(cls, method: str, names: Sequence[str], training: Sequence[Tensor], *, per_series: bool = True) -> Self:
        """Statistics of `training`, the training values `(steps, features)` of each series.

        Methods: none; standard (mean, standard deviation); robust (median, interquartile range); minmax (minimum,
        range); range (mean, range); log (logarithm, then standard). A feature that does not vary keeps scale 1.

        Raises:
            DataError: a value is not positive and the method is log.
        """
        log = method == "log"
        if log:
            training = [_log(values, name) for values, name in zip(training, names, strict=True)]
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
        )

    def encode(self, values: Tensor, series: Tensor) -> Tensor:
        """Scaled `values` `(batch, steps, features)` of the series with the indices `series` `(batch,)`.

        Raises:
            DataError: the scale is a logarithm, and a value is not positive.
        """
        if self.log:
            if bool((values <= 0).any()):
                raise DataError(
                    "A value is not positive, but the scale is logarithmic, because all training values were positive; "
                    "train with --scale standard."
                )
            values = values.log()
        return (values - self.center[series][:, None]) / self.scale[series][:, None]

    def decode(self, values: Tensor, series: Tensor) -> Tensor:
        """The inverse of `encode`."""
        values = values * self.scale[series][:, None] + self.center[series][:, None]
        return values.exp() if self.log else values

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {
            "names": list(self.names),
            "log": self.log,
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(tuple(data["names"]), data["log"], _table(data, "center"), _table(data, "scale"))


def _table(data: dict[str, Any], name: str) -> Tensor:
    return torch.tensor(data[name], dtype=torch.float32).view(len(data["names"]), -1)


def _log(values: Tensor, name: str) -> Tensor:
    if bool((values <= 0).any()):
        raise DataError(f"Series {name!r} has values that are not positive; choose a --scale other than log.")
    return values.log()


def _statistics(method: str, values: Tensor) -> tuple[Tensor, Tensor]:
    columns = [_column_statistics(method, column[~torch.isnan(column)].double()) for column in values.unbind(1)]
    center, scale = torch.tensor(columns, dtype=torch.float64).view(-1, 2).unbind(1)
    # A scale below float32 rounding, or so small that division overflows, counts as constant.
    threshold = (1e-7 * center.abs()).clamp(min=1e-30)
    return center.float(), torch.where(scale > threshold, scale, 1.0).float()


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
