"""Calibration of a trained network on dev: its weight, and the width of its intervals."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.forecasting.baselines import Baselines
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
from echoic.forecasting.forecaster import Forecaster
from echoic.forecasting.levels import LEVELS
from echoic.forecasting.linear_maps import CombinationState
from echoic.forecasting.windows import EVAL_BATCH_SIZE


def calibrate(
    forecaster: Forecaster, combination: CombinationState, starts: Tensor, weight: float | None
) -> Calibration:
    """Chooses the network's weight and the corrections of the quantiles on dev windows.

    Args:
        forecaster: the trained network without a calibration.
        combination: fitted on train.
        starts: the first rows of dev windows.
        weight: a weight to use instead of choosing one.

    Returns:
        The calibration. Without a dev window, network and baselines have equal weights. Of few windows, the errors of
        the baselines' forecasts of the train split count as well.
    """
    forecaster, starts = _with_windows(forecaster, starts)
    framing = forecaster.framing
    combined = Baselines(combination, framing, forecaster.fit_ends, forecaster.size)
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
        errors = combined.past_errors()
        scores = np.concatenate([scores, np.broadcast_to(errors, (len(LEVELS), *errors.shape))], 1)
    shift = conformal_shift(scores)
    return Calibration(combination, chosen, shift, _record(combined, residuals, chosen))


def _with_windows(forecaster: Forecaster, starts: Tensor) -> tuple[Forecaster, Tensor]:
    """The forecaster over the series that have windows, and their starts there; all series if few have windows."""
    panel, context = forecaster.framing.panel, forecaster.framing.context
    own = panel.series_index(starts + context - 1)
    series = own.unique()
    if not ENOUGH_WINDOWS <= len(series) < len(panel.names):
        return forecaster, starts
    selected = forecaster.select(series)
    begins = selected.framing.panel.offsets[torch.searchsorted(series, own)]
    return selected, starts - panel.offsets[own] + begins


def _record(combination: Baselines, residuals: Residuals, weight: NDArray[np.float64]) -> DevRecord:
    if np.isnan(residuals.target).all():
        return DevRecord(0, {}, {})
    windows = effective_windows(residuals.origins, residuals.series, len(weight))
    return DevRecord(windows, dev_errors(residuals, weight), combination.mean_weights(residuals.origins))


def _residuals(forecaster: Forecaster, combination: Baselines, starts: Tensor) -> tuple[Residuals, NDArray[np.float64]]:
    """The errors on dev, and the distance of the network's quantiles from its mean (0 without a distribution)."""
    framing = forecaster.framing
    parts, spreads = [], []
    for batch in torch.split(starts, EVAL_BATCH_SIZE) if len(starts) else ():
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
