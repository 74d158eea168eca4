"""Scores of forecasts, accumulated batch by batch in constant memory.

Definitions follow the M4 competition (Makridakis 2020) where it has one.
"""

from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = Float[Array, "windows horizon features"]


def seasonal_scale(history: Float[NDArray[np.floating], "steps features"], season: int) -> Float[Array, "features"]:
    """MASE's denominator for each feature.

    The mean absolute difference between values `season` steps apart (1 if the history is too short); missing values
    are ignored. NaN if there are no differences, or all are 0.
    """
    values = np.asarray(history, np.float64)
    lag = season if len(values) > season else 1
    differences = np.abs(values[lag:] - values[:-lag])
    observed = ~np.isnan(differences)
    count = observed.sum(0)
    total = np.where(observed, differences, 0.0).sum(0)
    return np.where((count > 0) & (total > 0), total / np.maximum(count, 1), np.nan)


@final
class ForecastScores:
    """Sums over windows of errors by horizon and feature; missing targets (NaN) count nowhere.

    Args:
        horizon: number of steps per window.
        features: names of the columns.
        levels: quantile levels of the forecasts.
        intervals: lower and upper level of each scored interval, by its coverage in percent.
    """

    def __init__(
        self,
        horizon: int,
        features: Sequence[str],
        levels: Sequence[float],
        intervals: Mapping[int, tuple[float, float]],
    ) -> None:
        self.features = tuple(features)
        self.levels = tuple(levels)
        self.intervals = dict(intervals)
        self._sums: dict[str, Array] = {}
        self._shape = (horizon, len(self.features))

    def add(
        self,
        target: Values,
        mean: Values,
        quantiles: Float[Array, "levels windows horizon features"] | None,
        scale: Float[Array, "#windows 1 features"],
        mase_scale: Float[Array, "#windows 1 features"],
    ) -> None:
        """Adds a batch of windows.

        Args:
            target: in data units.
            mean: the forecasts.
            quantiles: at the given levels, or None.
            scale: squared and absolute errors are divided by it.
            mase_scale: from `seasonal_scale`.
        """
        observed = ~np.isnan(target)
        error = np.where(observed, target - mean, 0.0)
        self._count("values", observed.astype(np.float64))
        self._count("squared", (error / scale) ** 2)
        self._count("absolute", np.abs(error / scale))
        size = np.abs(np.where(observed, target, 0.0)) + np.abs(np.where(observed, mean, 0.0))
        self._count("symmetric", 200 * np.divide(np.abs(error), size, out=np.zeros_like(size), where=size > 0))
        comparable = observed & ~np.isnan(mase_scale)
        self._count("scaled_values", comparable.astype(np.float64))
        self._count("scaled", np.where(comparable, np.abs(error) / np.where(comparable, mase_scale, 1.0), 0.0))
        if quantiles is not None:
            self._add_quantiles(target, observed, quantiles, scale)

    def table(self) -> dict[str, float]:
        """The scores over all windows, steps and features."""
        return self._scores({name: float(total.sum()) for name, total in self._sums.items()})

    def by_horizon(self) -> list[dict[str, float]]:
        """The scores of each step of the horizon."""
        return [
            self._scores({name: float(total[step].sum()) for name, total in self._sums.items()})
            for step in range(self._shape[0])
        ]

    def by_feature(self) -> dict[str, dict[str, float]]:
        """The scores of each feature."""
        return {
            feature: self._scores({name: float(total[:, column].sum()) for name, total in self._sums.items()})
            for column, feature in enumerate(self.features)
        }

    def _add_quantiles(
        self,
        target: Values,
        observed: Bool[NDArray[np.bool_], "windows horizon features"],
        quantiles: Float[Array, "levels windows horizon features"],
        scale: Float[Array, "#windows 1 features"],
    ) -> None:
        # The continuous ranked probability score is twice the pinball loss integrated over all levels (Gneiting 2007):
        # here by the trapezoid rule, for levels that lie closer together in the tails.
        bounds = np.array([0.0, *self.levels, 1.0])
        weights = (bounds[2:] - bounds[:-2]) / 2
        pinball = np.zeros_like(target)
        for level, weight, values in zip(self.levels, weights, quantiles, strict=True):
            error = np.where(observed, target - values, 0.0)
            pinball += weight * np.maximum(level * error, (level - 1) * error)
        self._count("crps", 2 * pinball / scale)
        for percent, (low, high) in self.intervals.items():
            below, above = quantiles[self.levels.index(low)], quantiles[self.levels.index(high)]
            inside = observed & (below <= target) & (target <= above)
            self._count(f"inside_{percent}", inside.astype(np.float64))

    def _count(self, name: str, values: NDArray[np.floating]) -> None:
        self._sums[name] = self._sums.get(name, np.zeros(self._shape)) + values.sum(0)

    def _scores(self, sums: Mapping[str, float]) -> dict[str, float]:
        values = sums.get("values", 0.0)
        if not values:
            return {}
        scores = {
            "mse": sums["squared"] / values,
            "mae": sums["absolute"] / values,
            "rmse": float(np.sqrt(sums["squared"] / values)),
            "smape": sums["symmetric"] / values,
        }
        if sums["scaled_values"]:
            scores["mase"] = sums["scaled"] / sums["scaled_values"]
        if "crps" in sums:
            scores["crps"] = sums["crps"] / values
            for percent in self.intervals:
                scores[f"coverage_{percent}"] = sums[f"inside_{percent}"] / values
        return scores


def owa(scores: Mapping[str, float], naive2: Mapping[str, float]) -> float | None:
    """The M4 competition's overall weighted average: 1 is as good as Naive2. None if sMAPE or MASE is missing."""
    ratios = [scores[name] / naive2[name] for name in ("smape", "mase") if name in scores and naive2.get(name)]
    return sum(ratios) / 2 if len(ratios) == 2 else None
