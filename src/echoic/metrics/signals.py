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
    """The scores of a single signal, or of several the means of those without a unit, and the `rmse` of each."""
    if len(by_target) == 1:
        return dict(next(iter(by_target.values())))
    found: dict[str, float] = {}
    for name in ("nrmse", "r2", "esr"):
        values = [scores[name] for scores in by_target.values() if name in scores]
        if values:
            found[name] = float(np.mean(values))
    return found | {f"rmse_{name}": scores["rmse"] for name, scores in by_target.items() if "rmse" in scores}


def lead_by_block(target: Floats, own: Floats, other: Floats, blocks: Sequence[int]) -> Floats:
    """How much each block of steps adds to the lead of `own` over `other` in the headline score.

    Signals are `(steps, targets)`; `blocks` are the first steps of blocks. The headline is the root mean squared error
    of a single target, and otherwise the mean of those over the standard deviations of the targets. The sum over all
    blocks is the difference of the two: that of two roots is that of their squares over their sum.
    """
    known = ~np.isnan(target)
    count = np.maximum(known.sum(0), 1)
    squares = [np.where(known, (target - made) ** 2, 0.0) for made in (own, other)]
    roots = sum(np.sqrt(one.sum(0) / count) for one in squares)
    deviation = np.nanstd(np.where(known.any(0), target, 0.0), axis=0)
    single = target.shape[1] == 1
    unit = np.ones(1) if single else np.where(deviation > 0, deviation, np.inf) * max(1, int((deviation > 0).sum()))
    shares = (squares[1] - squares[0]) / (count * np.maximum(roots, 1e-300) * unit)
    return np.asarray(np.add.reduceat(shares.sum(1), blocks))
