"""Charts of forecasts: within the scored split, step by step, and after the end of the data."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.forecasting.calibration import Calibration
from echoic.forecasting.continuation import continue_series, primed
from echoic.forecasting.forecaster import Forecast
from echoic.forecasting.levels import INTERVALS, LEVELS
from echoic.jobs.base import Fitted
from echoic.jobs.forecast.chart_scored import Scored
from echoic.jobs.forecast.chart_view import View
from echoic.jobs.forecast.task import ForecastTask
from echoic.report.charts import Band, Chart, Line
from echoic.types.counted import counted

MOST_CONTINUED = 1000
"""Maximum number of steps of the continuation."""

MOST_PRIMED = 20_000

_WINDOW_STEPS = 48
"""For short horizons, the window chart shows consecutive windows of about this many steps in total."""

Array = NDArray[np.float64]


def window_chart(view: View, scored: Scored) -> Chart | None:
    """Forecasts from the middle of the scored split next to the true values; None if it has no window."""
    framing = scored.evaluator.forecaster.framing
    lookback, horizon = framing.lookback, framing.horizon
    every = scored.starts(view.number)
    if not len(every):
        return None
    windows = min(-(-_WINDOW_STEPS // horizon), (len(every) - 1) // horizon + 1)
    middle = (len(every) - 1 - (windows - 1) * horizon) // 2
    starts = every[middle + horizon * torch.arange(windows)]
    origin = int(view.within(starts)[0]) + framing.context
    steps = origin + np.arange(windows * horizon)
    lines = [
        view.line("look-back", origin - lookback, origin),
        view.line("true values", origin - 1, int(steps[-1]) + 1, "test"),
    ]
    forecast, bands = _forecast_parts(scored.evaluator.forecaster.forecast(starts), view.time(steps))
    ahead = counted(horizon, "step")
    caption = f"From the middle of the {scored.split} split: look-back of {lookback}, forecast {ahead} ahead."
    if windows > 1:
        caption += f" {windows} consecutive forecasts, each from the true values before it."
    return view.chart("window", "Forecast and true values", [*lines, forecast], caption, bands)


def continuation_chart(view: View, scored: Scored, fitted: Fitted[ForecastTask]) -> Chart | None:
    """The end of the scored split, predicted from the steps before it; None if it is too short."""
    begin, end = view.bounds(scored.split)
    framing = scored.evaluator.forecaster.framing
    steps = MOST_CONTINUED if framing.is_step else max(300, 3 * framing.horizon)
    length = min(steps, MOST_CONTINUED, end - begin, end - framing.context)
    if length < 2:
        return None
    origin = end - length
    true_values = view.line("true values", max(origin - max(length // 3, framing.lookback), 0), end)
    how = "step by step" if framing.is_step else "horizon by horizon"
    caption = f"The last {length} steps of the {scored.split} split, predicted {how} from the steps before them only."
    lines = [true_values, _continued(view, fitted, origin, length)]
    return view.chart("continuation", "Continuation and true values", lines, caption)


def _continued(view: View, fitted: Fitted[ForecastTask], origin: int, length: int) -> Line:
    """The model's continuation of the series from step `origin` on, given only the steps before."""
    columns = view.series.covariates
    known = replace(columns, past=columns.past[:origin] if columns.past_names else columns.past)
    before = replace(view.series, values=view.series.values[:origin], covariates=known)
    prime = primed(before, min(origin, MOST_PRIMED))
    ahead = length + view.task.settings.window.horizon
    forecaster = view.task.forecaster_for(fitted.model, None, (prime,), ahead=ahead)
    values = continue_series(forecaster, length, 0.0, 0).values[:, 0]
    return Line("continuation", view.time(origin + np.arange(length)), values, "model")


def future_chart(view: View, fitted: Fitted[ForecastTask]) -> Chart | None:
    """The forecast after the end of the data; None if the look-back or what must be known ahead is missing."""
    calibration = Calibration.from_json(fitted.calibration) if fitted.calibration else None
    forecaster = view.task.forecaster(fitted.model, calibration)
    panel, framing = view.task.panel, forecaster.framing
    lookback, horizon = framing.lookback, framing.horizon
    steps = view.series.steps
    given = view.series.covariates
    if steps < framing.context or (given.future_names and len(given.future) - steps < horizon):
        return None
    forecast = forecaster.forecast(panel.offsets[view.number + 1, None] - framing.context)
    line, bands = _forecast_parts(forecast, view.time(steps + np.arange(horizon)))
    history = view.line("data", max(steps - max(lookback, 3 * horizon), 0), steps)
    if np.isfinite(history.y[-1]):
        line, bands = _joined(history, line, bands)
    lines = [history, line]
    ahead = "step" if horizon == 1 else f"{horizon} steps"
    caption = f"Forecast of the {ahead} after the end of the data."
    if framing.is_step and horizon < lookback and not given.future_names:
        lines.insert(1, replace(_continued(view, fitted, steps, lookback), role="reference", style="dashed"))
        caption += " Dashed: autoregressive continuation."
    return view.chart("future", "Forecast", lines, caption, bands)


def _joined(history: Line, line: Line, bands: Sequence[Band]) -> tuple[Line, list[Band]]:
    """Line and bands extended to the last known value, so that a forecast of a single step is visible."""

    def join(last: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([last[-1:], values])

    wider = [Band(b.name, join(history.x, b.x), join(history.y, b.low), join(history.y, b.high)) for b in bands]
    return replace(line, x=join(history.x, line.x), y=join(history.y, line.y)), wider


def _forecast_parts(forecast: Forecast, time: NDArray[Any]) -> tuple[Line, list[Band]]:
    """The mean of consecutive windows as a line, and the prediction intervals, widest first."""

    def flat(values: Tensor) -> Array:
        return values[..., 0].reshape(-1).double().numpy()

    bands = []
    if forecast.quantiles is not None:
        for percent in sorted(INTERVALS, reverse=True):
            low, high = (forecast.quantiles[LEVELS.index(level)] for level in _levels(percent))
            bands.append(Band(f"{percent} % interval", time, flat(low), flat(high)))
    return Line("forecast", time, flat(forecast.mean), "model"), bands


def _levels(percent: int) -> tuple[float, float]:
    return (100 - percent) / 200, 1 - (100 - percent) / 200
