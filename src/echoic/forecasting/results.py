"""Forecasts and continuations as tables, and the series that they continue."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.forecasting.forecaster import INTERVALS, LEVELS, Forecast, Forecaster
from echoic.types import Series

BATCH = 256
"""Series that are forecast at once."""

Table = dict[str, Any]
"""Columns by name, all of the same length."""


def predict_table(forecaster: Forecaster, series: Sequence[Series]) -> Table:
    """What follows each series, in the long format.

    Columns: unique_id, ds, target, mean, and a pair lo-80, hi-80 for each interval that the model gives.

    Raises:
        DataError: a series is shorter than the look-back, or its known-future columns end before the horizon does.
    """
    framing = forecaster.framing
    for one in series:
        if one.steps < framing.context:
            raise DataError(f"{one.origin}: {one.name!r} has {one.steps} steps; the run needs {framing.context}.")
        ahead = len(one.covariates.future) - one.steps
        if one.covariates.future_names and ahead < framing.horizon:
            raise DataError(
                f"{one.origin}: the known-future columns of {one.name!r} reach {ahead} steps ahead; a forecast of "
                f"{framing.horizon} needs as many. Add rows that have them and an empty target."
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
    """A forecast as long columns: a row for each window, feature and step, in that order."""
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


def _long(values: torch.Tensor) -> NDArray[np.float64]:
    return values.transpose(1, 2).reshape(-1).double().numpy()
