"""Errors of forecasts by series, so that a bad one is found among many, and how sure differences are."""

from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.paired import ItemErrors

Array = NDArray[np.float64]


@final
class SeriesErrors:
    """Sums of the absolute errors of each series (or other group of windows), over windows, steps and features."""

    def __init__(self, num_series: int) -> None:
        self._absolute, self._count = np.zeros(num_series), np.zeros(num_series)
        self._scaled, self._scaled_count = np.zeros(num_series), np.zeros(num_series)

    def add(self, series: NDArray[np.int64], target: Array, mean: Array, scale: Array, mase_scale: Array) -> None:
        """Counts a batch of windows of the numbers `series` `(windows,)`; the rest as in `ForecastScores.add`."""
        error = np.abs(target - mean)
        for sums, counts, values in (
            (self._absolute, self._count, error / scale),
            (self._scaled, self._scaled_count, error / mase_scale),
        ):
            known = ~np.isnan(values)
            np.add.at(sums, series, np.where(known, values, 0.0).sum((1, 2)))
            np.add.at(counts, series, known.sum((1, 2)))

    @property
    def sums(self) -> Array:
        """The sum of the absolute errors of each series."""
        return self._absolute

    @property
    def counts(self) -> Array:
        """The number of targets of each series."""
        return self._count

    @property
    def mae(self) -> Array:
        """The mean absolute error of each series, NaN without a target."""
        return _mean(self._absolute, self._count)

    @property
    def mase(self) -> Array:
        """The mean absolute scaled error of each series, NaN where it is not defined."""
        return _mean(self._scaled, self._scaled_count)


def series_table(names: Sequence[str], errors: Mapping[str, SeriesErrors]) -> dict[str, dict[str, float]]:
    """For each scored series the model's `mae` and `mase`, and the `best_baseline_mae`; the worst series first.

    Series are ordered by the model's error over the best baseline's.
    """
    mae, mase = errors["model"].mae, errors["model"].mase
    baselines = np.stack([one.mae for name, one in errors.items() if name != "model"])
    scored = np.flatnonzero(~np.isnan(mae))
    best = baselines[:, scored].min(0)
    ratio = mae[scored] / np.maximum(best, 1e-300)
    rows = {}
    for place in np.argsort(-ratio, kind="stable"):
        number = scored[place]
        scaled = {} if np.isnan(mase[number]) else {"mase": float(mase[number])}
        rows[names[number]] = {"mae": float(mae[number]), **scaled, "best_baseline_mae": float(best[place])}
    return rows


def item_errors(unit: str, errors: Mapping[str, SeriesErrors]) -> ItemErrors:
    """The errors of the model and the baselines with series as items, or other groups of windows, named by `unit`."""
    baselines = {name: one.sums for name, one in errors.items() if name != "model"}
    return ItemErrors(unit, errors["model"].sums, baselines, errors["model"].counts)


def _mean(sums: Array, counts: Array) -> Array:
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
