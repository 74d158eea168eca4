"""Means of forecast errors by target, so that an error counts from the step at which its target is known."""

from functools import cached_property
from typing import NamedTuple, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.forecasting.linear_maps import Array
from echoic.windows import Panel

MAX_ORIGINS = 20_000
"""In all series; at least eight and at most a thousand in each."""

LEAST_ORIGINS, _MOST_ORIGINS = 8, 1000
"""Number of windows of a series, if it has as many."""

_MAX_VALUES = 4_000_000
"""Forecast values of one forecast at all origins, so that they fit into memory."""


class PanelSize(NamedTuple):
    """What the work on each series depends on: the number of `origins_per_series`, and the steps of the `longest`."""

    origins_per_series: int
    longest: int

    @classmethod
    def of(cls, panel: Panel, horizon: int) -> Self:
        """The size of a whole panel, of which parts may be worked on."""
        total = min(MAX_ORIGINS, _MAX_VALUES // (horizon * len(panel.features)))
        origins = max(LEAST_ORIGINS, min(_MOST_ORIGINS, total // len(panel.names)))
        return cls(origins, int(panel.offsets.diff().max()))


class Discount(NamedTuple):
    """An error counts half as much after `half_life_steps`, or after `least_bins` bins if that is longer."""

    half_life_steps: float
    least_bins: int

    def decay(self, stride: int) -> float:
        """The factor per bin of `stride` steps."""
        return float(0.5 ** (1 / max(self.half_life_steps / stride, self.least_bins)))


@final
class TargetBins:
    """Bins of the steps that are forecast from evenly spaced origins of each series.

    A bin is as long as the distance of two origins, so that there is one for each origin, and some for the horizon of
    the last one.

    Args:
        panel: the series.
        first: the row of the first origin of each series.
        stride: the distance of its origins in steps.
        count: the number of its origins.
        horizon: steps that are forecast from each.
    """

    def __init__(self, panel: Panel, first: Tensor, stride: Tensor, count: Tensor, horizon: int) -> None:
        self._panel = panel
        self._first = first
        self._stride = stride
        self._count = count
        self._horizon = horizon
        last_target = (count - 1) * stride + horizon - 1
        self._bins = torch.where(count > 0, last_target // stride + 1, 0)
        self._offset = self._bins.cumsum(0) - self._bins

    @classmethod
    def spaced(cls, panel: Panel, first: Tensor, horizon: int, size: PanelSize | None = None) -> Self:
        """Bins of origins from the rows `first` on that leave a whole horizon; not all of them if there are many.

        `size` is that of the panel which `panel` is a part of; None: it is whole.
        """
        limit = (PanelSize.of(panel, horizon) if size is None else size).origins_per_series
        possible = (panel.offsets[1:] - first - horizon + 1).clamp(min=0)
        stride = (possible // limit).clamp(min=1)
        return cls(panel, first, stride, (possible + stride - 1) // stride, horizon)

    def origins(self) -> Tensor:
        """The rows of all origins."""
        series = torch.arange(len(self._count)).repeat_interleave(self._count)
        number = torch.arange(int(self._count.sum())) - (self._count.cumsum(0) - self._count)[series]
        return self._first[series] + number * self._stride[series]

    def last_before(self, origins: Tensor) -> NDArray[np.int64]:
        """The last bin whose targets are all known at each of the rows `origins`; -1 if there is none."""
        series = self._panel.series_index(origins - 1)
        bins = (origins - self._first[series]).div(self._stride[series], rounding_mode="floor") - 1
        bins = torch.minimum(bins, self._bins[series] - 1)
        return np.asarray(torch.where(bins < 0, -1, self._offset[series] + bins).numpy())

    def mean(self, errors: Array, discount: Discount) -> Array:
        """Discounted means up to each bin, `(bins, features)`, NaN before the first known error.

        An error k steps ahead has the weight 1 / k: those of the first steps differ most between forecasts, and are
        known first.

        Args:
            errors: of the forecasts from all `origins`, `(origins, horizon, features)`, NaN where no target is known.
            discount: by how much older errors count less.
        """
        features = errors.shape[-1]
        at = (self.of_targets()[..., None] * features + np.arange(features)).ravel()
        size = int(self._bins.sum()) * features
        known = ~np.isnan(errors)
        weight = known / np.arange(1, self._horizon + 1)[:, None]
        total, count = (
            self._discounted(np.bincount(at, one.ravel(), size).astype(np.float64).reshape(-1, features), discount)
            for one in (np.where(known, errors, 0.0) * weight, weight)
        )
        return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)

    def of_targets(self) -> NDArray[np.int64]:
        """The bin of each target, `(origins, horizon)`."""
        series = torch.arange(len(self._count)).repeat_interleave(self._count)
        steps = (self.origins() - self._first[series])[:, None] + torch.arange(self._horizon)
        bins = steps.div(self._stride[series][:, None], rounding_mode="floor")
        return np.asarray((self._offset[series][:, None] + bins).numpy())

    def by_series(self) -> list[slice]:
        """The bins of each series."""
        ends = self._bins.cumsum(0)
        return [slice(begin, end) for begin, end in zip((ends - self._bins).tolist(), ends.tolist(), strict=True)]

    @cached_property
    def _alike(self) -> list[tuple[NDArray[np.int64], int]]:
        """The bins `(series, bins)` of the series with as many of the same length, and this length."""
        kinds, kind, count = torch.stack([self._bins, self._stride], 1).unique(
            dim=0, return_inverse=True, return_counts=True
        )
        groups = zip(kind.argsort().split(count.tolist()), kinds.tolist(), strict=True)
        return [((self._offset[own][:, None] + torch.arange(bins)).numpy(), stride) for own, (bins, stride) in groups]

    def _discounted(self, sums: Array, discount: Discount) -> Array:
        """Running sums over the bins of each series; the series with equal bins in one pass."""
        found = np.empty_like(sums)
        for rows, stride in self._alike:
            running, decay = sums[rows], discount.decay(stride)
            for step in range(1, rows.shape[1]):
                running[:, step] += decay * running[:, step - 1]
            found[rows] = running
        return found
