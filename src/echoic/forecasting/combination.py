"""A combination of baselines whose weights follow each series' own recent errors.

No baseline is best for all series, and the best one changes when a series changes its level. At each origin every
baseline is weighted by its recent errors on the series itself (Bates and Granger 1969), so that nothing has to be
chosen in advance, and a series that the run has never seen is treated like those of the run.

An error counts from the step at which its target is known. A forecast of many steps is so judged by its first ones
long before its last one can be checked, and a baseline that a shift of level has made useless is left soon after it.
"""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.forecasting.candidates import Candidates
from echoic.forecasting.framing import Framing
from echoic.forecasting.linear_maps import Array, CombinationState, numpy64
from echoic.forecasting.target_errors import Discount, PanelSize, TargetBins

POWER = 10
"""Weights are the inverse errors to this power."""

_MAX_RATIO = 2.0
"""Baselines with a larger multiple of the error of the best have no weight, so that the median of many zeros is 0."""

ROOT = 0.75
"""Errors are averaged as this power of theirs, so that a jump which no baseline foresaw is forgotten sooner."""

WEIGHT_DISCOUNT = Discount(half_life_steps=20, least_bins=10)

ERROR_DISCOUNT = Discount(half_life_steps=8, least_bins=4)
"""Of the unit in which intervals are calibrated, which follows quiet and restless times."""

_BATCH = 1024


class Combined(NamedTuple):
    """Forecasts `(origins, horizon, features)`, and the mean recent error of such forecasts, `(origins, 1, features)`.

    Both in data units.
    """

    mean: Array
    error: Array


class _Scored(NamedTuple):
    """The scored origins `rows`, the `bins` of their targets, and mean recent errors up to each bin.

    `errors` `(baselines, bins, features)` of each baseline; `combined` `(bins, features)` of their combination, in
    units of the level of the series.
    """

    rows: Tensor
    bins: TargetBins
    errors: Array
    combined: Array


@final
class Combination:
    """The baselines over the panel of `framing`, combined.

    Args:
        state: fitted on train.
        framing: the panel, its scale, look-back and horizon.
        fit_ends: the row of each series where its train split ends, before which smoothing rates are chosen; by
            default its end.
        size: that of the panel which `framing` has a part of; by default it is whole.
    """

    def __init__(
        self, state: CombinationState, framing: Framing, fit_ends: Tensor | None = None, size: PanelSize | None = None
    ) -> None:
        ends = framing.panel.offsets[1:] if fit_ends is None else fit_ends
        self._size = PanelSize.of(framing.panel, framing.horizon) if size is None else size
        self.candidates = Candidates(state, framing, ends, self._size.longest)
        self.panel = framing.panel
        self._lower = numpy64(framing.lower)
        self.horizon = framing.horizon
        self._warm_steps = max(framing.lookback, 3)

    def forecast(self, origins: Tensor) -> Combined:
        """Forecasts of the steps from each of the rows `origins` on; each must have a step of its series before it."""
        return self._combined(origins, self.candidates.forecasts)

    def held_out(self, origins: Tensor) -> Combined:
        """As `forecast`, by linear maps that have not been fitted on what follows the origins: to learn from errors."""
        return self._combined(origins, self.candidates.held_out)

    def _combined(self, origins: Tensor, forecasts: Callable[[Tensor], dict[str, Array]]) -> Combined:
        index = self._scored.bins.last_before(origins)
        parts = [
            _combine(forecasts(origins[at]), _weights(_errors_at(self._scored.errors, index[at])))
            for at in (chunk.numpy() for chunk in torch.split(torch.arange(len(origins)), _BATCH))
        ]
        error = _errors_at(self._scored.combined, index) * self.candidates.level(origins)
        error = np.where(error > 0, error, self.candidates.mean_change(origins))
        return Combined(np.maximum(np.concatenate(parts), self._lower), error[:, None])

    def past_errors(self, before: Tensor, stride: int = 1) -> Array:
        """Errors of past forecasts over the mean recent error, `(origins, horizon, features)`.

        Args:
            before: for each series, the row that all targets lie before.
            stride: distance between the origins that are taken.
        """
        rows = self._scored.rows
        rows = rows[rows + self.horizon <= before[self.panel.series_index(rows - 1)]][::stride]
        if not len(rows):
            return np.zeros((0, self.horizon, len(self.panel.features)))
        combined = self.held_out(rows)
        return np.asarray((self._targets(rows) - combined.mean) / combined.error)

    def mean_weights(self, origins: Tensor) -> dict[str, float]:
        """The mean weight of each baseline over `origins`."""
        index = self._scored.bins.last_before(origins)
        weights = _weights(_errors_at(self._scored.errors, index)).mean((1, 2))
        return dict(zip(self.candidates.names(), weights.tolist(), strict=True))

    @cached_property
    def _scored(self) -> _Scored:
        """The errors of all baselines at past origins of every series."""
        lengths = self.panel.offsets.diff()
        warm = torch.clamp(torch.minimum(lengths // 3, torch.tensor(self._warm_steps)), min=1)
        bins = TargetBins.spaced(self.panel, self.panel.offsets[:-1] + warm, self.horizon, self._size)
        rows = bins.origins()
        names = self.candidates.names()
        if not len(rows):
            nothing = np.zeros((len(names), 0, len(self.panel.features)))
            return _Scored(rows, bins, nothing, nothing[0])
        members: dict[str, list[Array]] = {}
        for at in torch.split(rows, _BATCH):
            for name, values in self.candidates.held_out(at).items():
                members.setdefault(name, []).append(values)
        whole = {name: np.concatenate(parts) for name, parts in members.items()}
        targets = self._targets(rows)
        errors = np.stack([
            bins.mean(np.abs(targets - whole[name]) ** ROOT, WEIGHT_DISCOUNT) ** (1 / ROOT) for name in names
        ])  # fmt: skip
        combined = _combine(whole, _weights(_errors_at(errors, bins.last_before(rows))))
        relative = np.abs(targets - combined) / self.candidates.level(rows)[:, None]
        return _Scored(rows, bins, errors, bins.mean(relative, ERROR_DISCOUNT))

    def _targets(self, rows: Tensor) -> Array:
        return numpy64(self.panel.window(rows, self.horizon))


def _errors_at(errors: Array, index: NDArray[np.int64]) -> Array:
    """The errors up to the bins `index`, NaN for -1; `errors` `(..., bins, features)`."""
    if not errors.shape[-2]:
        return np.full((*errors.shape[:-2], len(index), errors.shape[-1]), np.nan)
    return np.where(index[:, None] >= 0, errors[..., index, :], np.nan)


def _weights(errors: Array) -> Array:
    """Weights `(baselines, origins, features)` with a sum of 1; equal ones where no error is known."""
    known = ~np.isnan(errors)
    size = np.where(known, np.maximum(errors, 1e-300), np.inf)
    best = size.min(0)
    ratio = np.where(np.isfinite(best), np.where(np.isfinite(best), best, 1.0) / size, 1.0)
    ratio = np.where(ratio * _MAX_RATIO < 1, 0.0, ratio**POWER)
    return np.asarray(ratio / ratio.sum(0))


def _combine(members: dict[str, Array], weights: Array) -> Array:
    combined = np.zeros_like(next(iter(members.values())))
    for weight, values in zip(weights, members.values(), strict=True):
        combined += weight[:, None] * values
    return combined
