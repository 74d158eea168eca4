"""Scores of predicted signals."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def signal_scores(target: Floats, predicted: Floats) -> dict[str, float]:
    """Scores of one signal `(steps,)`, in its unit; missing targets (NaN) count nowhere.

    `rmse` is the root of the mean squared error, `nrmse` that over the standard deviation of the target, `r2` the
    fraction of the variance that is explained, and `esr` the energy of the error over that of the target.
    """
    known = ~np.isnan(target)
    wanted, error = target[known], (target - predicted)[known]
    if not len(wanted):
        return {}
    mse, variance = float(np.mean(error**2)), float(np.var(wanted))
    energy = float(np.mean(wanted**2))
    scores = {"rmse": float(np.sqrt(mse)), "mae": float(np.mean(np.abs(error)))}
    if variance > 0:
        scores |= {"nrmse": float(np.sqrt(mse / variance)), "r2": 1 - mse / variance}
    return scores | ({"esr": mse / energy} if energy > 0 else {})


def mean_scores(by_target: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The scores of a single signal, or of several the means of those without a unit."""
    if len(by_target) == 1:
        return dict(next(iter(by_target.values())))
    found: dict[str, float] = {}
    for name in ("nrmse", "r2", "esr"):
        values = [scores[name] for scores in by_target.values() if name in scores]
        if values:
            found[name] = float(np.mean(values))
    return found


def block_errors(target: Sequence[Floats], predicted: Sequence[Floats], scale: Floats, block: int | None) -> Floats:
    """The root mean squared error of each series (`block` None), or of each block of so many steps.

    Signals are `(steps, targets)`; errors are divided by the `scale` of each target. Blocks without a target are left
    out.
    """
    found = []
    for wanted, made in zip(target, predicted, strict=True):
        squares = ((wanted - made) / scale) ** 2
        for begin in range(0, len(squares), block or max(1, len(squares))):
            part = squares[begin : begin + (block or len(squares))]
            if np.isfinite(part).any():
                found.append(float(np.sqrt(np.nanmean(part))))
    return np.array(found)
