"""Batched forecasts with quantiles."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, Self, cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.forecasting.calibration import (
    ENOUGH_WINDOWS,
    Calibration,
    DevRecord,
    Residuals,
    choose_weight,
    conformal_shift,
    dev_errors,
    effective_windows,
)
from echoic.forecasting.combination import Combination
from echoic.forecasting.framing import Framing, Window
from echoic.forecasting.levels import LEVELS
from echoic.forecasting.linear_maps import CombinationState
from echoic.heads import ValueHead
from echoic.model import SequenceModel
from echoic.streams import GenerationStream, NetworkStream
from echoic.types import Series
from echoic.windows import Panel

PATHS = 200
"""Number of sampled paths from which a recursive model estimates quantiles."""


class Forecast(NamedTuple):
    """`mean` `(windows, horizon, features)` and `quantiles` `(levels, windows, horizon, features)`, in data units.

    `quantiles` is None for a model without a distribution and without calibration.
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
    """

    def __init__(
        self,
        model: SequenceModel,
        framing: Framing,
        calibration: Calibration | None,
        seed: int = 0,
        fit_ends: Tensor | None = None,
    ) -> None:
        self.model = model
        self.head = cast("ValueHead", model.head)
        self.framing = framing
        self.calibration = calibration
        self.has_distribution = self.head.has_distribution
        self.seed = seed
        self.fit_ends = framing.panel.offsets[1:] if fit_ends is None else fit_ends

    @cached_property
    def combination(self) -> Combination | None:
        """The baselines over the panel; None without a calibration."""
        if self.calibration is None:
            return None
        return Combination(self.calibration.combination, self.framing, self.fit_ends)

    def forecast(self, starts: Tensor) -> Forecast:
        """Forecasts what follows the look-backs that begin at `starts`.

        With a calibration, the network's forecast is mixed with the baselines'. A look-back that begins before its
        series does is forecast by the baselines alone.
        """
        if self.calibration is None or self.combination is None:
            return self.network_forecast(starts)
        calibration, framing = self.calibration, self.framing
        combined = self.combination.forecast(starts + framing.context)
        base, error = (torch.from_numpy(one).float() for one in combined)
        weight = torch.from_numpy(calibration.weight).float()[:, None]
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
        shift = torch.from_numpy(calibration.shift).float()[:, None] * error
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
        if self.framing.horizon == 1:
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


def calibrate(
    forecaster: Forecaster, combination: CombinationState, starts: Sequence[Tensor], weight: float | None
) -> Calibration:
    """Chooses the network's weight and the corrections of the quantiles on dev windows.

    Args:
        forecaster: the trained network without a calibration.
        combination: fitted on train.
        starts: dev windows, in batches.
        weight: a weight to use instead of choosing one.

    Returns:
        The calibration. Without a dev window, network and baselines have equal weights. Of few windows, the errors of
        the baselines' forecasts of the train split count as well.
    """
    framing = forecaster.framing
    combined = Combination(combination, framing, forecaster.fit_ends)
    residuals, spread = _residuals(forecaster, combined, starts)
    windows = len(residuals.target)
    if weight is not None:
        chosen = np.full(framing.horizon, weight)
    elif windows:
        chosen = choose_weight(residuals)
    else:
        chosen = np.full(framing.horizon, 0.5)
    steps = chosen[:, None]
    mean = residuals.baselines + steps * (residuals.network - residuals.baselines)
    scores = (residuals.target - mean - steps * spread) / residuals.error
    count = effective_windows(residuals.origins, residuals.series, framing.horizon)
    if count < ENOUGH_WINDOWS:
        errors = combined.past_errors(forecaster.fit_ends)
        scores = np.concatenate([scores, np.broadcast_to(errors, (len(LEVELS), *errors.shape))], 1)
    shift = conformal_shift(scores)
    return Calibration(combination, chosen, shift, _record(combined, residuals, chosen))


def _record(combination: Combination, residuals: Residuals, weight: NDArray[np.float64]) -> DevRecord:
    if np.isnan(residuals.target).all():
        return DevRecord(0, {}, {})
    windows = effective_windows(residuals.origins, residuals.series, len(weight))
    return DevRecord(windows, dev_errors(residuals, weight), combination.mean_weights(residuals.origins))


def _residuals(
    forecaster: Forecaster, combination: Combination, starts: Sequence[Tensor]
) -> tuple[Residuals, NDArray[np.float64]]:
    """The errors on dev, and the distance of the network's quantiles from its mean (0 without a distribution)."""
    framing = forecaster.framing
    parts, spreads = [], []
    for batch in starts:
        origins = batch + framing.context
        network = forecaster.network_forecast(batch)
        combined = combination.held_out(origins)
        target = framing.panel.window(origins, framing.horizon).double().numpy()
        mean = network.mean.double().numpy()
        quantiles = network.quantiles
        spreads.append(np.zeros((len(LEVELS), *mean.shape)) if quantiles is None else quantiles.double().numpy() - mean)
        series = framing.panel.series_index(origins - 1)
        parts.append(Residuals(target, mean, combined.mean, combined.error, origins, series))
    if not parts:
        empty = np.zeros((0, framing.horizon, len(framing.panel.features)))
        nothing = torch.zeros(0, dtype=torch.long)
        return Residuals(empty, empty, empty, empty[:, :1], nothing, nothing), np.zeros((len(LEVELS), *empty.shape))
    arrays = [np.concatenate(values) for values in list(zip(*parts, strict=True))[:4]]
    places = [torch.cat(values) for values in list(zip(*parts, strict=True))[4:]]
    return Residuals(arrays[0], arrays[1], arrays[2], arrays[3], places[0], places[1]), np.concatenate(spreads, 1)
