"""Encoding of windows as network inputs, and decoding of network outputs."""

import sys
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self, final

import torch
from torch import Tensor

from echoic.batches import Draws
from echoic.codecs import Scaler, WindowStats
from echoic.config import ForecastSettings
from echoic.forecasting.bounds import lower_bounds
from echoic.forecasting.plan import normalizer_of
from echoic.tensors import Batch
from echoic.types import stored
from echoic.windows import Panel, Ranges, WindowIndex


@final
@dataclass(frozen=True, eq=False)
class Codec:
    """Statistics of the train split: scalers, and whether values can be missing.

    `unit` is the standard deviation of the baseline's error, by which outputs of `direct` networks are scaled, so that
    training on a short series starts with outputs of the right magnitude.
    """

    values: Scaler
    past: Scaler
    future: Scaler
    static: Scaler
    has_missing: bool
    unit: float = 1.0

    @classmethod
    def fit(cls, settings: ForecastSettings, panel: Panel, train: Ranges) -> Self:
        """Fits to the rows `train` of `panel`."""
        rows = [slice(begin, end) for begin, end in train.spans()]
        first_future = panel.future_offsets[:-1]
        futures = Ranges(first_future, first_future + train.end - panel.offsets[:-1])
        per_series = settings.scaling.scale_per == "series"
        return cls(
            Scaler.fit(
                settings.scaling.scale or "standard",
                panel.names,
                [panel.values[at] for at in rows],
                per_series=per_series,
            ),
            _fit_shared([panel.past[at] for at in rows]),
            _fit_shared([panel.future[begin:end] for begin, end in futures.spans()]),
            _fit_shared([panel.static]),
            panel.has_missing and any(bool(torch.isnan(panel.values[at]).any()) for at in rows),
        )

    def extended(self, settings: ForecastSettings, panel: Panel, seen: int | None = None) -> Self:
        """The codec for `panel`; series unknown to this codec are scaled by statistics of their own first `seen` steps.

        `seen` None: all steps. If this codec and `panel` have a single series each, they count as the same one,
        whatever their names.
        """
        known, names = self.values, panel.names
        if settings.scaling.scale_per == "all" or len(known.names) == len(names) == 1:
            rows = torch.zeros(len(names), dtype=torch.long)
            return replace(self, values=known.select(names, rows))
        bounds = Ranges(panel.offsets[:-1], panel.offsets[1:]).spans()
        scale = settings.scaling.scale or "standard"
        parts = [panel.values[begin:end][:seen] for begin, end in bounds]
        if scale == "log":
            parts = [values.clamp(min=0) for values in parts]
        own = Scaler.fit(scale, names, parts)
        row_of = {name: row for row, name in enumerate(known.names)}
        rows = torch.tensor([row_of.get(name, -1) for name in names])
        again = rows >= 0
        for table, fitted in zip(own.tables, known.tables, strict=True):
            table[again] = fitted[rows[again]]
        return replace(self, values=own)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        scalers = {name: getattr(self, name).to_json() for name in ("values", "past", "future", "static")}
        return scalers | {"has_missing": self.has_missing, "unit": self.unit}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        scalers = {name: Scaler.from_json(stored.field(data, name)) for name in ("values", "past", "future", "static")}
        unit = stored.number(data, "unit", sys.float_info.min, sys.float_info.max)
        return cls(**scalers, has_missing=stored.flag(data, "has_missing"), unit=unit)


class Window(NamedTuple):
    """Network inputs of look-backs in float32, and the statistics to decode the outputs in float64."""

    inputs: Tensor
    ids: Tensor | None
    ahead: Tensor | None
    stats: WindowStats


@final
class Framing:
    """Builds batches from `panel`, according to planned `settings` and `codec`.

    With independent channels each channel of a window is a separate row of the batch.
    """

    def __init__(self, settings: ForecastSettings, codec: Codec, panel: Panel) -> None:
        self.settings = settings
        self.codec = codec
        self.panel = panel
        self.normalizer = normalizer_of(settings)
        self.lookback = settings.window.lookback or 1
        self.horizon = settings.window.horizon
        self.is_step = settings.window.strategy == "recursive"
        self.shared = settings.window.channels == "independent"
        self.context = self.normalizer.context
        self.known = panel.future.shape[1]
        self.lower = lower_bounds(settings.scaling.nonnegative or (), panel)
        rows = {name: row for row, name in enumerate(codec.values.names)}
        self._scaler_rows = torch.tensor([rows[name] for name in panel.names])

    def select(self, series: Tensor) -> Self:
        """The framing of these series alone, given by number."""
        panel = self.panel.select(series)
        values = self.codec.values.select(panel.names, self._scaler_rows[series])
        return type(self)(self.settings, replace(self.codec, values=values), panel)

    @property
    def channels(self) -> int:
        """Number of independent channels; 1 if all features are modelled jointly."""
        return len(self.panel.features) if self.shared else 1

    @property
    def features(self) -> int:
        """Number of features predicted per row of a batch."""
        return 1 if self.shared else len(self.panel.features)

    @property
    def width(self) -> int:
        """Width of the input vectors."""
        return self.features * (1 + self.codec.has_missing) + self.covariate_width

    @property
    def covariate_width(self) -> int:
        """Number of covariates per step."""
        return self.panel.past.shape[1] + self.known + self.panel.static.shape[1]

    @property
    def ahead_width(self) -> int:
        """Number of known values per row and step of the horizon."""
        return self.known + self.features * len(self.normalizer.lags)

    def collate(self, index: WindowIndex, _draws: Draws) -> Batch:
        """The training batch of windows."""
        return self._step_batch(index) if self.is_step else self._window_batch(index)

    def encoded(self, starts: Tensor, steps: int) -> Tensor:
        """Scaled values `(batch, steps, features)` in float64, NaN where missing."""
        return self.codec.values.encode(self.panel.window(starts, steps).double(), self._scaler_row(starts))

    def decoded(self, values: Tensor, starts: Tensor) -> Tensor:
        """The inverse of `encoded`, not below the bounds of the features."""
        return torch.maximum(self.codec.values.decode(values.double(), self._scaler_row(starts)), self.lower)

    def window(self, starts: Tensor) -> Window:
        """The look-backs with contexts that begin at `starts`."""
        return self._window(starts, self.encoded(starts, self.context))

    def _window(self, starts: Tensor, seen: Tensor) -> Window:
        normalized = self.normalizer(seen)
        observed = ~torch.isnan(seen[:, -self.lookback :]) if self.codec.has_missing else None
        covariates = self.covariates(starts + self.context - self.lookback, self.lookback)
        ahead = None if self.is_step else self._ahead(starts, normalized.lagged)
        inputs = self.network_inputs(normalized.inputs, observed, covariates)
        location, scale = normalized.stats
        return Window(inputs, self._ids(len(starts)), ahead, WindowStats(location, scale * self.codec.unit))

    def base_error(self, starts: Tensor) -> float:
        """The standard deviation of the baseline's error in the horizons after the look-backs at `starts`."""
        error = self.window(starts).stats.encode(self.encoded(starts + self.context, self.horizon))
        known = error[~torch.isnan(error)]
        return float(known.std()) if len(known) > 1 else 0.0

    def network_inputs(self, values: Tensor, observed: Tensor | None, covariates: Tensor) -> Tensor:
        """Concatenates `values` (0 where missing), masks and covariates; independent channels become rows."""
        parts = [self.channels_to_batch(values).float()]
        if self.codec.has_missing:
            present = torch.ones_like(values) if observed is None else observed
            parts.append(self.channels_to_batch(present).float())
        if covariates.shape[-1]:
            parts.append(covariates.repeat_interleave(self.channels, 0))
        return torch.cat(parts, -1) if len(parts) > 1 else parts[0]

    def covariates(self, starts: Tensor, steps: int) -> Tensor:
        """Scaled covariates `(batch, steps, columns)`: past-only, known-future, static; 0 where missing.

        With the recursive strategy, known-future columns are shifted by one step, like the targets.
        """
        if not self.covariate_width:
            return starts.new_zeros(len(starts), steps, 0, dtype=torch.float32)
        shift = 1 if self.is_step else 0
        series = self.panel.series_index(starts)
        static = self.panel.static[series][:, None].expand(-1, steps, -1)
        columns = [
            _scaled(self.codec.past, self.panel.past_window(starts, steps)),
            _scaled(self.codec.future, self.panel.future_window(starts + shift, steps, series)),
            _scaled(self.codec.static, static),
        ]
        return torch.cat(columns, -1)

    def covariates_ahead(self, starts: Tensor, step: int) -> Tensor:
        """The covariates of step `step` (from 0) after the look-backs at `starts`, `(batch, 1, columns)`.

        Past-only columns keep their last values.
        """
        if not self.covariate_width:
            return starts.new_zeros(len(starts), 1, 0, dtype=torch.float32)
        after = starts + self.context
        series = self.panel.series_index(starts)
        columns = [
            _scaled(self.codec.past, self.panel.past_window(after - 1, 1)),
            _scaled(self.codec.future, self.panel.future_window(after + step + 1, 1, series)),
            _scaled(self.codec.static, self.panel.static[series][:, None]),
        ]
        return torch.cat(columns, -1)

    def channels_to_batch(self, values: Tensor) -> Tensor:
        """Moves independent channels of `(batch, steps, features)` to the batch axis."""
        if not self.shared:
            return values
        return values.transpose(1, 2).reshape(-1, values.shape[1], 1)

    def batch_to_channels(self, values: Tensor) -> Tensor:
        """The inverse of `channels_to_batch`."""
        if not self.shared:
            return values
        return values.view(-1, self.channels, values.shape[1]).transpose(1, 2)

    def _step_batch(self, index: WindowIndex) -> Batch:
        values = self.encoded(index.starts, index.steps)
        observed = ~torch.isnan(values)
        step, last = torch.arange(1, index.steps), index.valid[:, None] - 1
        first = {"last": last, "late": last // 2}.get(self.settings.window.loss_at or "every", 0)
        valid = (first <= step) & (step <= last)
        filled = torch.nan_to_num(values)
        covariates = self.covariates(index.starts, index.steps - 1)
        return Batch(
            inputs=self.network_inputs(filled[:, :-1], observed[:, :-1], covariates),
            targets=self.channels_to_batch(filled[:, 1:]).float(),
            mask=self.channels_to_batch(observed[:, 1:] & valid[..., None]),
            carry=index.carry,
            ids=self._ids(len(index.starts)),
        )

    def _window_batch(self, index: WindowIndex) -> Batch:
        values = self.encoded(index.starts, index.steps)
        window = self._window(index.starts, values[:, : self.context])
        target = window.stats.encode(values[:, self.context :])
        mask = ~torch.isnan(target)
        targets = self.channels_to_batch(torch.nan_to_num(target)).float()
        return Batch(
            window.inputs, targets, self.channels_to_batch(mask), ids=window.ids, future_covariates=window.ahead
        )

    def _ahead(self, starts: Tensor, lagged: Tensor) -> Tensor | None:
        """Known values of the horizon: known-future columns and lagged values."""
        if not self.ahead_width:
            return None
        columns = []
        if self.known:
            series = self.panel.series_index(starts)
            known = _scaled(self.codec.future, self.panel.future_window(starts + self.context, self.horizon, series))
            columns.append(known.repeat_interleave(self.channels, 0))
        if self.normalizer.lags:
            columns += [
                self.channels_to_batch(lag).float() for lag in torch.split(lagged, len(self.panel.features), -1)
            ]
        return torch.cat(columns, -1)

    def _ids(self, batch: int) -> Tensor | None:
        return torch.arange(self.channels).repeat(batch) if self.shared else None

    def scaler_rows(self, origins: Tensor) -> Tensor:
        """The rows of the codec's scaler for forecast origins; an origin may lie right after the end of its series."""
        return self._scaler_rows[self.panel.series_index(origins - 1)]

    def _scaler_row(self, starts: Tensor) -> Tensor:
        return self._scaler_rows[self.panel.series_index(starts)]


def _fit_shared(parts: list[Tensor]) -> Scaler:
    return Scaler.fit("standard", ["all"], [torch.cat(parts)])


def _scaled(scaler: Scaler, values: Tensor) -> Tensor:
    """Scaled covariates in float32, 0 where missing."""
    return torch.nan_to_num(scaler.encode(values.double(), torch.zeros(len(values), dtype=torch.long))).float()
