"""A combination of baselines whose weights follow each series' own recent errors.

No baseline is best for all series, and the best one changes when a series changes its level. At each origin every
baseline is weighted by its recent errors on the series itself (Bates and Granger 1969), so that nothing has to be
chosen in advance, and a series that the run has never seen is treated like those of the run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter
from torch import Tensor

from echoic.baselines import forecasts as baselines
from echoic.baselines.smoothing import Smoothing
from echoic.forecasting.framing import Framing
from echoic.windows import Panel, Ranges, SequentialSampler, Windows, evenly_spaced

Array = NDArray[np.float64]

Maps = Mapping[str, Array]
"""Linear maps from a look-back to the horizon, by name."""

HALF_LIFE_STEPS = 40
"""An error counts half as much after this many steps, or after ten scored origins if that is longer."""

POWER = 10
"""Weights are the inverse errors to this power: twice the error of the best is next to nothing."""

_MEDIAN_STEPS = (12, 48)

_DRIFT_STEPS = 100

_MAX_LOG = 80.0
"""The exponential of more does not fit into float32."""

_MAX_SEASON = 1000

_MAX_SCORED_ORIGINS = 20_000
"""In all series; at least eight and at most a thousand in each."""

_MAX_SCORED_VALUES = 4_000_000
"""Forecast values of one baseline at all scored origins, so that they fit into memory."""

_MAX_SMOOTHED_STEPS = 20_000
"""Longer series are not smoothed: it is a loop over steps."""

_MAX_LINEAR_WEIGHTS = 150_000

_MAX_FITTED_WINDOWS = 20_000

_BATCH = 1024


@final
@dataclass(frozen=True, eq=False)
class CombinationState:
    """What the combination learns on train: linear maps by name, none where they would be too large.

    `final_maps` forecast. Their weights come from maps that have not been fitted on what they are scored on:
    `early_maps`, from the first three quarters of train, for origins in train, and `train_maps` for those after it.
    """

    seasons: tuple[int, ...]
    early_maps: Maps
    train_maps: Maps
    final_maps: Maps

    @classmethod
    def fit(cls, framing: Framing, train: Ranges, final: Ranges) -> Self:
        """Fits the maps on `train` and on `final`, ranges of the panel of `framing`."""
        seasons = framing.settings.scaling.baseline_seasons or ()
        early = Ranges(train.begin, train.begin + train.lengths * 3 // 4)
        horizon = Windows(early, framing.lookback + framing.horizon, framing.horizon)
        if (framing.lookback + 1) * framing.horizon > _MAX_LINEAR_WEIGHTS or not len(horizon):
            return cls(seasons, {}, {}, {})
        kinds = {"linear": False} | ({"linear, log": True} if framing.codec.values.log else {})
        early_maps, train_maps, final_maps = (
            {name: _fit_map(framing, ranges, log=log) for name, log in kinds.items()}
            for ranges in (early, train, final)
        )
        return cls(seasons, early_maps, train_maps, final_maps)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        groups = {"early_maps": self.early_maps, "train_maps": self.train_maps, "final_maps": self.final_maps}
        plain = {group: {name: one.tolist() for name, one in maps.items()} for group, maps in groups.items()}
        return {"seasons": list(self.seasons)} | plain

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The state that `to_json` wrote."""
        groups = (data["early_maps"], data["train_maps"], data["final_maps"])
        return cls(tuple(data["seasons"]), *({name: np.array(one) for name, one in maps.items()} for maps in groups))


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
        self.state = state
        self.framing = framing
        self.panel: Panel = framing.panel
        self.horizon = framing.horizon
        self.seasons = tuple(season for season in state.seasons if season <= _MAX_SEASON)
        self._fit_ends = self.panel.offsets[1:] if fit_ends is None else fit_ends

    def forecast(self, origins: Tensor) -> Combined:
        """Forecasts of the steps from each of the rows `origins` on; each must have a step of its series before it."""
        scored = self._scored
        series = self.panel.series_index(origins - 1)
        index = self._last_scored(scored, origins, series)
        parts = [
            _combine(self._members(origins[at], self.state.final_maps), _weights(_errors_at(scored.errors, index[at])))
            for at in (chunk.numpy() for chunk in torch.split(torch.arange(len(origins)), _BATCH))
        ]
        error = _errors_at(scored.combined, index)
        error = np.where(error > 0, error, self._first_error(origins))
        return Combined(np.concatenate(parts), error[:, None])

    def smoothed(self, origins: Tensor) -> Array:
        """Exponential smoothing, with the first season if there is one; persistence for very long series."""
        if not self._smoothings:
            return baselines.persistence(self._history(origins, 1), self.horizon)
        name = next(reversed([name for name, (_, log) in self._smoothings.items() if not log][:2]))
        return self._smoothed(self._smoothings[name][0], origins, log=False)

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

    def names(self) -> list[str]:
        """The baselines that are combined."""
        return list(self._members(self.panel.offsets[:1] + 1, self.state.final_maps))

    def mean_weights(self, origins: Tensor) -> dict[str, float]:
        """The mean weight of each baseline over `origins`."""
        index = self._last_scored(self._scored, origins, self.panel.series_index(origins - 1))
        weights = _weights(_errors_at(self._scored.errors, index)).mean((1, 2))
        return dict(zip(self.names(), weights.tolist(), strict=True))

    def _members(self, origins: Tensor, maps: Maps) -> dict[str, Array]:
        """The forecasts of each baseline, `(origins, horizon, features)`."""
        horizon = self.horizon
        steps = max(_MEDIAN_STEPS[-1], _DRIFT_STEPS, *(4 * season for season in self.seasons))
        history = self._history(origins, steps)
        members: dict[str, Array] = {
            "persistence": baselines.persistence(history, horizon),
            "drift": baselines.drift(history[:, -_DRIFT_STEPS:], horizon),
        }
        for number in _MEDIAN_STEPS:
            members[f"median of {number}"] = baselines.recent_median(history, horizon, number)
        for season in self.seasons:
            members[f"season of {season}"] = baselines.seasonal_naive(history, horizon, season)
            members[f"mean season of {season}"] = baselines.seasonal_mean(history, horizon, season)
        for name, (smoothing, log) in self._smoothings.items():
            members[name] = self._smoothed(smoothing, origins, log=log)
        for name, weights in maps.items():
            members[name] = self._linear(weights, origins, log=name.endswith("log"))
        return members

    def _scored_members(self, origins: Tensor) -> dict[str, Array]:
        """As `_members`, with linear maps that have not been fitted on what follows the origins."""
        members = self._members(origins, self.state.train_maps)
        in_train = origins < self._fit_ends[self.panel.series_index(origins - 1)]
        for name, weights in self.state.early_maps.items():
            early = self._linear(weights, origins, log=name.endswith("log"))
            members[name] = np.where(in_train.numpy()[:, None, None], early, members[name])
        return members

    def _smoothed(self, smoothing: Smoothing, origins: Tensor, *, log: bool) -> Array:
        features = len(self.panel.features)
        series = self.panel.series_index(origins - 1)
        steps = (origins - self.panel.offsets[series]).repeat_interleave(features).numpy()
        columns = (series[:, None] * features + torch.arange(features)).reshape(-1).numpy()
        values = smoothing.forecast(steps, columns, self.horizon)
        values = values.reshape(len(origins), features, self.horizon).transpose(0, 2, 1)
        if log:
            values = np.exp(values)
        return np.where(np.isfinite(values), values, baselines.persistence(self._history(origins, 1), self.horizon))

    def _linear(self, weights: Array, origins: Tensor, *, log: bool) -> Array:
        units = _Units.of(self.framing, self.framing.scaler_rows(origins), log=log)
        history = self._history(origins, self.framing.lookback)
        return units.decode(baselines.LinearMap(weights).forecast(units.encode(history)))

    @cached_property
    def _smoothings(self) -> dict[str, tuple[Smoothing, bool]]:
        """Smoothing by name, without a season and with the first two, of values and of their logarithms."""
        lengths = self.panel.offsets.diff()
        steps, series = int(lengths.max()), len(lengths)
        if steps > _MAX_SMOOTHED_STEPS:
            return {}
        features = len(self.panel.features)
        values = np.full((steps, series, features), np.nan)
        for number, (begin, end) in enumerate(Ranges(self.panel.offsets[:-1], self.panel.offsets[1:]).spans()):
            values[: end - begin, number] = _numpy(self.panel.values[begin:end])
        limits = (self._fit_ends - self.panel.offsets[:-1]).repeat_interleave(features).numpy()
        scaler = self.framing.codec.values
        tables = {"smoothing": (values, False)}
        if scaler.log:
            floor = _numpy(scaler.floor[self.framing.scaler_rows(self.panel.offsets[1:])])
            tables["log smoothing"] = (np.log(np.maximum(values, floor)), True)
        return {
            name if season == 1 else f"{name}, season of {season}": (
                Smoothing.fit(table.reshape(steps, -1), season, limits), log,
            )
            for name, (table, log) in tables.items()
            for season in (1, *self.seasons[:2])
        }  # fmt: skip

    @cached_property
    def _scored(self) -> _Scored:
        """The errors of all baselines at past origins of every series."""
        features, offsets = len(self.panel.features), self.panel.offsets
        lengths = offsets.diff()
        total = min(_MAX_SCORED_ORIGINS, _MAX_SCORED_VALUES // (self.horizon * features))
        limit = max(8, min(1000, total // len(lengths)))
        warm = torch.clamp(torch.minimum(lengths // 3, torch.tensor(max(self.framing.lookback, 3))), min=1)
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
            for name, values in self._scored_members(at).items():
                members.setdefault(name, []).append(values)
        names = self.names()
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

    def _history(self, origins: Tensor, steps: int) -> Array:
        """The values before each origin, which may lie right after the end of its series."""
        return _numpy(self.panel.history(origins, steps, self.panel.series_index(origins - 1)))

    def _targets(self, rows: Tensor) -> Array:
        return _numpy(self.panel.window(rows, self.horizon))

    def _first_error(self, origins: Tensor) -> Array:
        """Where no forecast has been scored yet: the mean absolute change of the history, or 1."""
        history = self._history(origins, _MEDIAN_STEPS[-1])
        change = np.abs(np.diff(history, axis=1))
        known = ~np.isnan(change)
        mean = np.where(known, change, 0.0).sum(1) / np.maximum(known.sum(1), 1)
        return np.asarray(np.where(mean > 0, mean, 1.0))


class _Units(NamedTuple):
    """Values in units of each series: divided by `scale`, or the codec's logarithms if `center` is given."""

    center: Array | None
    scale: Array
    floor: Array

    @classmethod
    def of(cls, framing: Framing, rows: Tensor, *, log: bool) -> Self:
        """The units of the scaler's `rows`, each table `(rows, 1, features)`."""
        scaler = framing.codec.values
        center, scale, floor = (_numpy(one[rows])[:, None] for one in (scaler.center, scaler.scale, scaler.floor))
        if log:
            return cls(center, scale, floor)
        # A deviation of logarithms is about one relative to the value.
        return cls(None, np.exp(center) * scale if scaler.log else scale, floor)

    def encode(self, values: Array) -> Array:
        if self.center is None:
            return np.asarray(values / self.scale)
        return np.asarray((np.log(np.maximum(values, self.floor)) - self.center) / self.scale)

    def decode(self, values: Array) -> Array:
        if self.center is None:
            return np.asarray(values * self.scale)
        return np.exp(np.minimum(values * self.scale + self.center, _MAX_LOG))


def _fit_map(framing: Framing, ranges: Ranges, *, log: bool) -> Array:
    """A linear map from look-backs to horizons, in units of each series."""
    lookback, horizon = framing.lookback, framing.horizon
    windows = Windows(ranges, lookback + horizon, horizon)

    def pairs() -> Iterator[tuple[Array, Array]]:
        for index in SequentialSampler(windows, _BATCH, evenly_spaced(len(windows), _MAX_FITTED_WINDOWS)).epoch():
            values = _numpy(framing.panel.window(index.starts, index.steps))
            values = _Units.of(framing, framing.scaler_rows(index.starts + lookback), log=log).encode(values)
            yield values[:, :lookback], values[:, lookback:]

    return baselines.LinearMap.fit(pairs(), lookback, horizon).weights


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


def _numpy(values: Tensor) -> Array:
    return values.double().numpy()
