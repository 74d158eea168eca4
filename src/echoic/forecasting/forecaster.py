"""Batched forecasts with quantiles."""

from functools import cached_property
from typing import NamedTuple, Self, cast, final

import numpy as np
import torch
from torch import Tensor

from echoic.forecasting.baselines import Baselines
from echoic.forecasting.calibration import Calibration
from echoic.forecasting.framing import Framing, Window
from echoic.forecasting.levels import LEVELS
from echoic.forecasting.linear_maps import Array, numpy64
from echoic.forecasting.parts import Parts, gathered
from echoic.forecasting.target_errors import PanelSize, TargetBins
from echoic.forecasting.widths import Widths
from echoic.heads import ValueHead
from echoic.model import SequenceModel
from echoic.streams import GenerationStream, NetworkStream
from echoic.types import Series
from echoic.windows import Panel

_BATCH = 256

_LOW, _MEDIAN, _HIGH = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))
"""The interval that widths follow."""

PATHS = 200
"""Number of sampled paths from which a recursive model estimates quantiles."""


class Forecast(NamedTuple):
    """`mean` `(windows, horizon, features)` and `quantiles` `(levels, windows, horizon, features)`, in data units.

    Both in float64. `quantiles` is None for a model without a distribution and without calibration.
    """

    mean: Tensor
    quantiles: Tensor | None


@final
class Forecaster:
    """A trained network, the framing of the data that it is to forecast, and its calibration.

    Args:
        model: the trained network.
        framing: the panel and how windows become inputs.
        calibration: chosen on dev; None is the network alone.
        seed: of sampled futures.
        fit_ends: the row of each series before which the baselines may choose their rates; by default its end.
        calibrated_ends: the row of each series up to which calibration has used it; by default its end. The widths of
            intervals follow the errors after it.
        size: that of the panel which `framing` has some series of; by default it is whole.
    """

    def __init__(
        self,
        model: SequenceModel,
        framing: Framing,
        calibration: Calibration | None,
        seed: int = 0,
        fit_ends: Tensor | None = None,
        calibrated_ends: Tensor | None = None,
        size: PanelSize | None = None,
    ) -> None:
        self.model = model
        self.head = cast("ValueHead", model.head)
        self.framing = framing
        self.calibration = calibration
        self.has_distribution = self.head.has_distribution
        self.seed = seed
        self.fit_ends = framing.panel.offsets[1:] if fit_ends is None else fit_ends
        self._calibrated_ends = framing.panel.offsets[1:] if calibrated_ends is None else calibrated_ends
        self.size = PanelSize.of(framing.panel, framing.horizon) if size is None else size

    @cached_property
    def baselines(self) -> Baselines | None:
        """The combined baselines over the panel; None without a calibration."""
        if self.calibration is None:
            return None
        return Baselines(self.calibration.combination, self.framing, self.fit_ends, self.size)

    def forecast(self, starts: Tensor) -> Forecast:
        """Forecasts what follows the look-backs that begin at `starts`.

        With a calibration, the network's forecast is mixed with the baselines'. A look-back that begins before its
        series does is forecast by the baselines alone.
        """
        mean, quantiles = self._calibrated(starts)
        if quantiles is None or self.baselines is None:
            return Forecast(mean, quantiles)
        origins = starts + self.framing.context
        median = quantiles[_MEDIAN]
        quantiles = median + (quantiles - median) * torch.from_numpy(self._factors(origins))
        value = torch.from_numpy(self.baselines.majority_value(origins))
        return Forecast(mean, torch.maximum(_around(quantiles, value[:, None]), self.framing.lower))

    def _factors(self, origins: Tensor) -> Array:
        """The factors of the widths of intervals, `(origins, 1, features)`."""
        parts = self._widths.each(origins)
        found = [(selected, widths.at(origins[selected] - begin)) for widths, begin, selected in parts]
        return gathered(found, len(origins))

    @cached_property
    def _widths(self) -> Parts[Widths]:
        return Parts(self.framing.panel, self.framing.horizon, self._widths_of)

    def _widths_of(self, series: Tensor) -> Widths:
        """By the forecasts of each series since its calibration; sampled paths would take too long for that."""
        panel, horizon, context = self.framing.panel, self.framing.horizon, self.framing.context
        begin, own = panel.offsets[series[0]], panel if len(series) == len(panel.names) else panel.select(series)
        ends = self._calibrated_ends[series] - begin
        first = own.offsets[1:] if self.samples_paths else torch.maximum(ends, own.offsets[:-1] + 1)
        bins = TargetBins.spaced(own, first, horizon, self.size)
        parts = [
            _distances(panel.window(rows, horizon), self._calibrated(rows - context))
            for rows in torch.split(bins.origins() + begin, _BATCH)
            if len(rows)
        ]
        nothing = np.zeros((0, horizon, len(panel.features)))
        return Widths(bins, np.concatenate(parts) if parts else nothing)

    def _calibrated(self, starts: Tensor) -> Forecast:
        """As `forecast`, with intervals as wide as dev required."""
        calibration, baselines, framing = self.calibration, self.baselines, self.framing
        if calibration is None or baselines is None:
            return self.network_forecast(starts)
        combined = baselines.forecast(starts + framing.context)
        base, error = (torch.from_numpy(one) for one in combined)
        weight = torch.from_numpy(calibration.weight)[:, None]
        fits = starts >= framing.panel.offsets[framing.panel.series_index(starts + framing.context - 1)]
        if not bool(weight.any()) or not bool(fits.any()):
            mean, spread = base, None
        else:
            network = self.network_forecast(torch.where(fits, starts, starts[fits][0]))
            weight = weight * fits[:, None, None]
            mean = base + weight * (network.mean - base)
            spread = None if network.quantiles is None else weight * (network.quantiles - network.mean)
        if calibration.shift is None:
            return Forecast(mean, None if spread is None else mean + spread)
        shift = torch.from_numpy(calibration.shift)[:, None] * error
        quantiles = mean + shift if spread is None else mean + spread + shift
        # Corrections differ by level: sorting keeps the quantiles in order.
        return Forecast(mean, quantiles.sort(0).values)

    @torch.no_grad()
    def network_forecast(self, starts: Tensor) -> Forecast:
        """The network's own forecasts, without baselines and calibration."""
        self.model.eval()
        window = self.framing.window(starts)
        mean, quantiles = self._closed_loop(window, starts) if self.framing.is_step else self._direct(window)
        if quantiles is not None:
            quantiles = torch.stack([self.framing.decoded(level, starts) for level in quantiles])
        return Forecast(self.framing.decoded(mean, starts), quantiles)

    @torch.no_grad()
    def sample(self, starts: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
        """Samples a path after each look-back, `(windows, horizon, features)` in data units; temperature 0: mean."""
        self.model.eval()
        window, head = self.framing.window(starts), self.head
        params, _ = self.model(window.inputs, None, window.ids, window.ahead)
        params = params[:, : self.framing.horizon]
        output = head.mean(params)
        if temperature:
            output = output + temperature * (head.sample(params, generator) - output)
        return self.framing.decoded(window.stats.decode(self.framing.batch_to_channels(output)), starts)

    def over(self, series: Series) -> Self:
        """The same forecaster for another series, scaled like the first one of this panel."""
        framing = Framing(self.framing.settings, self.framing.codec, Panel.from_series([series]))
        return type(self)(self.model, framing, self.calibration, self.seed)

    def select(self, series: Tensor) -> Self:
        """The same forecaster over these series alone, given by number."""
        framing, begins = self.framing.select(series), self.framing.panel.offsets[series]
        moved = framing.panel.offsets[:-1] - begins
        fit_ends, calibrated_ends = self.fit_ends[series] + moved, self._calibrated_ends[series] + moved
        return type(self)(self.model, framing, self.calibration, self.seed, fit_ends, calibrated_ends, self.size)

    @property
    def samples_paths(self) -> bool:
        """Whether intervals are those of sampled paths."""
        return self.framing.is_step and self.has_distribution and self.framing.horizon > 1

    def _direct(self, window: Window) -> tuple[Tensor, Tensor | None]:
        head, horizon = self.head, self.framing.horizon
        params, _ = self.model(window.inputs, None, window.ids, window.ahead)
        params = params[:, :horizon]

        def values(output: Tensor) -> Tensor:
            return window.stats.decode(self.framing.batch_to_channels(output))

        quantiles = None
        if self.has_distribution:
            quantiles = torch.stack([values(head.quantile(params, level)) for level in LEVELS])
        return values(head.mean(params)), quantiles

    def _closed_loop(self, window: Window, starts: Tensor) -> tuple[Tensor, Tensor | None]:
        mean = self._run(window, starts, copies=1)[0]
        if not self.has_distribution:
            return mean, None
        if not self.samples_paths:
            params, _ = NetworkStream(self.model).prime(window.inputs)
            levels = [self.framing.batch_to_channels(self.head.quantile(params, level)) for level in LEVELS]
            return mean, torch.stack(levels)
        paths = self._run(window, starts, copies=PATHS)
        return mean, torch.quantile(paths, torch.tensor(LEVELS), 0)

    def _run(self, window: Window, starts: Tensor, copies: int) -> Tensor:
        """The mean path (`copies` 1) or `copies` sampled paths, `(copies, windows, horizon, features)`."""
        head = self.head

        def sample(params: Tensor, generator: torch.Generator) -> Tensor:
            return head.mean(params) if copies == 1 else head.sample(params, generator)

        def next_input(values: Tensor, step: int) -> Tensor:
            covariates = self.framing.covariates_ahead(starts, step).repeat(copies, 1, 1)
            return self.framing.network_inputs(self.framing.batch_to_channels(values), None, covariates)[:, 0]

        stream = GenerationStream(self.model, sample, next_input)
        path, _ = stream.push(self.framing.horizon, stream.start(window.inputs, self.seed, copies))
        return self.framing.batch_to_channels(path).view(
            copies, -1, self.framing.horizon, path.shape[-1] * self.framing.channels
        )


def _distances(target: Tensor, forecast: Forecast) -> Array:
    """How far values lay from the median, in half-widths of the followed interval on their side."""
    if forecast.quantiles is None:
        return np.full(target.shape, np.nan)
    low, median, high = (forecast.quantiles[level] for level in (_LOW, _MEDIAN, _HIGH))
    half = torch.where(target > median, high - median, median - low)
    return numpy64((target - median).abs() / half.clamp(min=torch.finfo(torch.float32).tiny))


def _around(quantiles: Tensor, value: Tensor) -> Tensor:
    """Quantiles `(levels, ...)` with `value` as the median, where it is known: it has more than half of the mass."""
    level = torch.tensor(LEVELS).view(-1, *(1,) * value.ndim)
    low, high = torch.minimum(quantiles, value), torch.maximum(quantiles, value)
    around = torch.where(level < 0.5, low, torch.where(level > 0.5, high, value))
    return torch.where(torch.isnan(value), quantiles, around)
