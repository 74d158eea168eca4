"""Forecasts as tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.forecasting.forecaster import Forecast, Forecaster
from echoic.forecasting.framing import Framing
from echoic.forecasting.levels import INTERVALS, LEVELS
from echoic.forecasting.linear_maps import Units
from echoic.types import Series

BATCH = 256
"""Number of series per batch."""

Table = dict[str, Any]
"""Columns by name, all of the same length."""


def predict_table(forecaster: Forecaster, series: Sequence[Series]) -> Table:
    """Forecasts the horizon after each series, as a table in long format.

    Columns: unique_id, ds, target, mean, and lo-80, hi-80 and so on for each prediction interval. Times in `ds`
    are aware datetimes for series with a time zone.

    Raises:
        DataError: the known-future columns of a series end before the horizon does.
    """
    framing = forecaster.framing
    for one in series:
        ahead = len(one.covariates.future) - one.steps
        if one.covariates.future_names and ahead < framing.horizon:
            raise DataError(
                f"{one.origin}: the known-future columns of {one.name!r} end {ahead} steps after the target, but the "
                f"horizon is {framing.horizon}; add rows with these columns and an empty target."
            )
    starts = framing.panel.offsets[1:] - framing.context
    parts = [forecaster.forecast(batch) for batch in torch.split(starts, BATCH)]
    means, quantiles = zip(*parts, strict=True)
    forecast = Forecast(torch.cat(means), None if quantiles[0] is None else torch.cat(quantiles, 1))
    steps = np.arange(framing.horizon)
    times = [one.time.stamps(one.steps + steps) for one in series]
    unit = value_units(framing, framing.panel.offsets[1:])
    return forecast_columns(forecast, [one.name for one in series], times, series[0].features, unit)


def forecast_columns(
    forecast: Forecast,
    names: Sequence[str],
    times: Sequence[NDArray[Any]],
    features: Sequence[str],
    unit: NDArray[np.float64],
) -> Table:
    """A forecast as a table in long format, with a row per window, feature and step, in that order.

    `unit` is that of `value_units`.
    """
    windows, horizon, width = forecast.mean.shape
    table: Table = {
        "unique_id": np.repeat(np.array(names, object), width * horizon),
        "ds": np.concatenate([np.tile(time, width) for time in times]),
        "target": np.tile(np.repeat(np.array(features, object), horizon), windows),
        "mean": _long(forecast.mean, unit),
    }
    if forecast.quantiles is not None:
        for percent in INTERVALS:
            low, high = (100 - percent) / 200, 1 - (100 - percent) / 200
            table[f"lo-{percent}"] = _long(forecast.quantiles[LEVELS.index(low)], unit)
            table[f"hi-{percent}"] = _long(forecast.quantiles[LEVELS.index(high)], unit)
    return table


def value_units(framing: Framing, origins: torch.Tensor) -> NDArray[np.float64]:
    """By how much values vary, `(origins, 1, features)`; infinite where that is unknown."""
    scale = Units.of(framing, framing.scaler_rows(origins), log=False).scale
    return np.where(scale == 1, np.inf, scale)  # that of no scaling, or of a constant


def without_noise(values: NDArray[np.float64], unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values to the digits that a network computes: a file would have up to nine more, of noise.

    These are seven digits of `unit`, and more for smaller values, at most six, until they have eight of their own.
    """
    with np.errstate(divide="ignore"):
        own = 7 - np.floor(np.log10(np.abs(values)))
        of_unit = 6 - np.floor(np.log10(unit))
    decimals = np.where(np.isfinite(of_unit), np.maximum(of_unit, np.minimum(own, of_unit + 6)), own)
    power = 10.0 ** np.clip(np.where(np.isfinite(decimals), decimals, 0), 0, 300)
    scaled = np.round(values * power)
    return np.asarray(np.where(np.isfinite(scaled), scaled / power + 0.0, values))


def _long(values: torch.Tensor, unit: NDArray[np.float64]) -> NDArray[np.float64]:
    return without_noise(values.double().numpy(), unit).transpose(0, 2, 1).reshape(-1)
