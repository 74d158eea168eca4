"""A combination of baselines whose weights follow each series' own recent errors.

No baseline is best for all series, and the best one changes when a series changes its level. At each origin every
baseline is weighted by its recent errors on the series itself (Bates and Granger 1969), so that nothing has to be
chosen in advance, and a series that the run has never seen is treated like those of the run.
"""

from functools import cached_property
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter
from torch import Tensor

from echoic.forecasting.candidates import Candidates
from echoic.forecasting.framing import Framing
from echoic.forecasting.linear_maps import Array, CombinationState, numpy64

HALF_LIFE_STEPS = 40
"""An error counts half as much after this many steps, or after ten scored origins if that is longer."""

POWER = 10
"""Weights are the inverse errors to this power: twice the error of the best is next to nothing."""

_MAX_SCORED_ORIGINS = 20_000
"""In all series; at least eight and at most a thousand in each."""

_MAX_SCORED_VALUES = 4_000_000
"""Forecast values of one baseline at all scored origins, so that they fit into memory."""

_BATCH = 1024


class Combined(NamedTuple):
    """Forecasts `(origins, horizon, features)`, and the mean recent error of such forecasts, `(origins, 1, features)`.

    Both in data units.
    """

    mean: Array
    error: Array


class _Scored(NamedTuple):
    """Scored origins, grouped by series: their rows, and for each series the first one, their distance and number.

    `errors` `(baselines, origins, features)` and `combined` `(origins, features)` are discounted means of the absolute
    errors up to each origin; `combined`, a unit of width, is the square of the mean root, which outliers move less.
    """

    rows: Tensor
    first: Tensor
    stride: Tensor
    counts: Tensor
    offset: Tensor
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
    """

    def __init__(self, state: CombinationState, framing: Framing, fit_ends: Tensor | None = None) -> None:
        ends = framing.panel.offsets[1:] if fit_ends is None else fit_ends
        self.candidates = Candidates(state, framing, ends)
        self.panel = framing.panel
        self.horizon = framing.horizon
        self._warm_steps = max(framing.lookback, 3)

    def forecast(self, origins: Tensor) -> Combined:
        """Forecasts of the steps from each of the rows `origins` on; each must have a step of its series before it."""
        scored = self._scored
        series = self.panel.series_index(origins - 1)
        index = self._last_scored(scored, origins, series)
        parts = [
            _combine(self.candidates.forecasts(origins[at]), _weights(_errors_at(scored.errors, index[at])))
            for at in (chunk.numpy() for chunk in torch.split(torch.arange(len(origins)), _BATCH))
        ]
        error = _errors_at(scored.combined, index)
        error = np.where(error > 0, error, self.candidates.mean_change(origins))
        return Combined(np.concatenate(parts), error[:, None])

    def past_errors(self, before: Tensor) -> Array:
        """Errors of past forecasts over the mean recent error, `(origins, horizon, features)`.

        Args:
            before: for each series, the row that all targets lie before.
        """
        rows = self._scored.rows
        rows = rows[rows + self.horizon <= before[self.panel.series_index(rows - 1)]]
        if not len(rows):
            return np.zeros((0, self.horizon, len(self.panel.features)))
        combined = self.forecast(rows)
        return np.asarray((self._targets(rows) - combined.mean) / combined.error)

    def mean_weights(self, origins: Tensor) -> dict[str, float]:
        """The mean weight of each baseline over `origins`."""
        index = self._last_scored(self._scored, origins, self.panel.series_index(origins - 1))
        weights = _weights(_errors_at(self._scored.errors, index)).mean((1, 2))
        return dict(zip(self.candidates.names(), weights.tolist(), strict=True))

    @cached_property
    def _scored(self) -> _Scored:
        """The errors of all baselines at past origins of every series."""
        features, offsets = len(self.panel.features), self.panel.offsets
        lengths = offsets.diff()
        total = min(_MAX_SCORED_ORIGINS, _MAX_SCORED_VALUES // (self.horizon * features))
        limit = max(8, min(1000, total // len(lengths)))
        warm = torch.clamp(torch.minimum(lengths // 3, torch.tensor(self._warm_steps)), min=1)
        possible = (lengths - warm - self.horizon + 1).clamp(min=0)
        stride = (possible // limit).clamp(min=1)
        count = (possible + stride - 1) // stride
        first = offsets[:-1] + warm
        rows = torch.cat([
            torch.arange(int(count[one])) * int(stride[one]) + int(first[one]) for one in range(len(lengths))
        ])  # fmt: skip
        offset = count.cumsum(0) - count
        members: dict[str, list[Array]] = {}
        for at in torch.split(rows, _BATCH) if len(rows) else ():
            for name, values in self.candidates.held_out(at).items():
                members.setdefault(name, []).append(values)
        names = self.candidates.names()
        if not len(rows):
            nothing = np.zeros((len(names), 0, features))
            return _Scored(rows, first, stride, count, offset, nothing, nothing[0])
        targets = self._targets(rows)
        whole = {name: np.concatenate(parts) for name, parts in members.items()}
        errors = np.stack([_discounted(_mean_error(whole[name], targets), count, stride) for name in names])
        scored = _Scored(rows, first, stride, count, offset, errors, errors[0])
        index = self._last_scored(scored, rows, self.panel.series_index(rows - 1))
        combined = _combine(whole, _weights(_errors_at(errors, index)))
        return scored._replace(
            combined=_discounted(np.sqrt(_mean_error(combined, targets)), count, stride, HALF_LIFE_STEPS / 2) ** 2
        )

    def _last_scored(self, scored: _Scored, origins: Tensor, series: Tensor) -> NDArray[np.int64]:
        """The number of the last scored origin whose targets are known at each of `origins`; -1 if there is none."""
        number = (origins - self.horizon - scored.first[series]).div(scored.stride[series], rounding_mode="floor")
        number = torch.minimum(number, scored.counts[series] - 1)
        return np.asarray(torch.where(number < 0, -1, scored.offset[series] + number).numpy())

    def _targets(self, rows: Tensor) -> Array:
        return numpy64(self.panel.window(rows, self.horizon))


def _discounted(errors: Array, count: Tensor, stride: Tensor, half_life: float = HALF_LIFE_STEPS) -> Array:
    """Discounted means of `(origins, features)` within each series."""
    parts = []
    for own, steps in zip(np.split(errors, count.cumsum(0)[:-1].numpy()), stride.tolist(), strict=True):
        decay = 0.5 ** (1 / max(half_life / steps, 10))
        known = ~np.isnan(own)
        total, weight = (
            lfilter([1.0], [1.0, -decay], one, axis=0) if len(own) else own
            for one in (np.where(known, own, 0.0), known.astype(np.float64))
        )
        parts.append(np.divide(total, weight, out=np.full_like(own, np.nan), where=weight > 0))
    return np.concatenate(parts)


def _mean_error(forecasts: Array, targets: Array) -> Array:
    """Mean absolute errors over the horizon, `(origins, features)`, NaN where no target is known."""
    error = np.abs(targets - forecasts)
    known = ~np.isnan(error)
    total = np.where(known, error, 0.0).sum(1)
    return np.asarray(np.divide(total, known.sum(1), out=np.full_like(total, np.nan), where=known.any(1)))


def _errors_at(errors: Array, index: NDArray[np.int64]) -> Array:
    """The errors at scored origins, NaN for index -1; `errors` `(..., origins, features)`."""
    if not errors.shape[-2]:
        return np.full((*errors.shape[:-2], len(index), errors.shape[-1]), np.nan)
    return np.where(index[:, None] >= 0, errors[..., index, :], np.nan)


def _weights(errors: Array) -> Array:
    """Weights `(baselines, origins, features)` with a sum of 1; equal ones where no error is known."""
    known = ~np.isnan(errors)
    size = np.where(known, np.maximum(errors, 1e-300), np.inf)
    best = size.min(0)
    ratio = np.where(np.isfinite(best), np.where(np.isfinite(best), best, 1.0) / size, 1.0) ** POWER
    return np.asarray(ratio / ratio.sum(0))


def _combine(members: dict[str, Array], weights: Array) -> Array:
    combined = np.zeros_like(next(iter(members.values())))
    for weight, values in zip(weights, members.values(), strict=True):
        combined += weight[:, None] * values
    return combined
