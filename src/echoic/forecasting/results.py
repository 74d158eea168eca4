"""Forecasts as tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.forecasting.forecaster import Forecast, Forecaster
from echoic.forecasting.levels import INTERVALS, LEVELS
from echoic.types import Series

BATCH = 256
"""Number of series per batch."""

Table = dict[str, Any]
"""Columns by name, all of the same length."""


def predict_table(forecaster: Forecaster, series: Sequence[Series]) -> Table:
    """Forecasts the horizon after each series, as a table in long format.

    Columns: unique_id, ds, target, mean, and lo-80, hi-80 and so on for each prediction interval.

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
    times = [one.time.times(one.steps + steps) for one in series]
    return forecast_columns(forecast, [one.name for one in series], times, series[0].features)


def forecast_columns(
    forecast: Forecast, names: Sequence[str], times: Sequence[NDArray[Any]], features: Sequence[str]
) -> Table:
    """A forecast as a table in long format, with a row per window, feature and step, in that order."""
    windows, horizon, width = forecast.mean.shape
    table: Table = {
        "unique_id": np.repeat(np.array(names, object), width * horizon),
        "ds": np.concatenate([np.tile(time, width) for time in times]),
        "target": np.tile(np.repeat(np.array(features, object), horizon), windows),
        "mean": _long(forecast.mean),
    }
    if forecast.quantiles is not None:
        for percent in INTERVALS:
            low, high = (100 - percent) / 200, 1 - (100 - percent) / 200
            table[f"lo-{percent}"] = _long(forecast.quantiles[LEVELS.index(low)])
            table[f"hi-{percent}"] = _long(forecast.quantiles[LEVELS.index(high)])
    return table


def _long(values: torch.Tensor) -> NDArray[np.float32]:
    # As precise as they were computed: a file of float64 would have nine digits more, of noise.
    return values.transpose(1, 2).reshape(-1).float().numpy()
