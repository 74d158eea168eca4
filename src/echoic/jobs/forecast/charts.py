"""Charts of a forecast report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.errors import DataError
from echoic.forecasting.calibration import Calibration
from echoic.forecasting.continuation import continue_series, primed
from echoic.forecasting.evaluator import Evaluator, ForecastEvaluation
from echoic.forecasting.forecaster import Forecast
from echoic.forecasting.levels import INTERVALS, LEVELS
from echoic.jobs.base import Fitted
from echoic.jobs.forecast.task import ForecastTask
from echoic.jobs.forecast.use import evaluator_of
from echoic.report.charts import Band, Chart, Line, Role
from echoic.report.standard import error_histogram, loss_chart
from echoic.types import Series
from echoic.windows import Ranges

MOST_SERIES = 3
"""Maximum number of series with their own charts."""

MOST_WINDOWS = 500
"""Maximum number of windows in the chart of errors over time."""

MOST_CONTINUED = 1000
"""Maximum number of steps of the continuation."""

MOST_PRIMED = 20_000

_WINDOW_STEPS = 48
"""For short horizons, the window chart shows consecutive windows of about this many steps in total."""

Array = NDArray[np.float64]


def charts(
    fitted: Fitted[ForecastTask], metrics: Sequence[Mapping[str, Any]], evaluation: ForecastEvaluation | None = None
) -> list[Chart]:
    """The data, learning curves, and forecasts of the test split (of dev if test has no window).

    Shows the first feature of up to three series, and the errors of about 500 windows. Charts without sufficient data
    are left out, as are the errors by step ahead without an `evaluation`.
    """
    task = fitted.task
    views = [_View(task, number) for number in range(min(MOST_SERIES, len(task.panel.names)))]
    made: list[Chart | None] = [_data(view) for view in views]
    made.append(loss_chart(metrics))
    scored = _Scored.of(fitted)
    if scored is not None:
        made += [_window(view, scored) for view in views]
        made += [_continuation(view, scored, fitted) for view in views]
        if evaluation is not None:
            made.append(_by_horizon(evaluation, scored.split))
        made += _residuals(views[0], scored)
    made += [_future(view, fitted) for view in views]
    return [chart for chart in made if chart is not None]


@final
@dataclass(frozen=True)
class _View:
    """The first feature of series `number`, over its own time axis."""

    task: ForecastTask
    number: int

    @property
    def series(self) -> Series:
        return self.task.series[self.number]

    def within(self, rows: Tensor) -> NDArray[np.int64]:
        """Panel rows as steps of the series."""
        return np.asarray((rows - self.task.panel.offsets[self.number]).numpy())

    def bounds(self, split: str) -> tuple[int, int]:
        """The first step of a split and the step after its last."""
        ranges = self.task.splits[split]
        begin, end = self.within(torch.stack([ranges.begin[self.number], ranges.end[self.number]])).tolist()
        return begin, end

    def line(self, name: str, begin: int, end: int, role: Role = "data") -> Line:
        """The values of steps `begin` to `end` (exclusive)."""
        return Line(name, self.time(np.arange(begin, end)), self.series.values[begin:end, 0], role)

    def time(self, steps: NDArray[np.int64]) -> NDArray[Any]:
        return self.series.time.local_times(steps)

    def _time_label(self) -> str:
        time = self.series.time
        if not time.has_dates:
            return "Step"
        return "Time" if time.zone is None else f"Time ({time.zone})"

    def chart(self, key: str, title: str, lines: Sequence[Line], caption: str, bands: Sequence[Band] = ()) -> Chart:
        several = len(self.task.panel.names) > 1
        return Chart(
            key=f"{key}-{self.number + 1}" if several else key,
            title=f"{title}: {self.series.name}" if several else title,
            x_label=self._time_label(),
            y_label=self.series.features[0],
            lines=tuple(lines),
            bands=tuple(bands),
            caption=f"{caption} {self._left_out()}".strip(),
        )

    def _left_out(self) -> str:
        series, features = len(self.task.panel.names), len(self.series.features)
        sentences = []
        if features > 1:
            sentences.append(f"Shown: {self.series.features[0]}, the first of {features} features.")
        if series > 1:
            sentences.append(f"Series {self.number + 1} of {series}; drawn: the first {min(series, MOST_SERIES)}.")
        return " ".join(sentences)


@final
@dataclass(frozen=True, eq=False)
class _Scored:
    """The evaluated split and its evaluator."""

    split: str
    ranges: Ranges
    evaluator: Evaluator

    @classmethod
    def of(cls, fitted: Fitted[ForecastTask]) -> Self | None:
        """The test split if it has a window, else dev, else None."""
        for split in ("test", "dev"):
            try:
                evaluator, _ = evaluator_of(fitted, None, split, 1)
            except DataError:
                continue
            return cls(split, fitted.task.splits[split], evaluator)
        return None

    def starts(self, number: int, stride: int = 1) -> Tensor:
        """First rows of the windows of one series."""
        windows = self.evaluator.sampler(self.ranges, stride).windows
        return windows.first[number] + stride * torch.arange(int(windows.counts[number]))


def _data(view: _View) -> Chart:
    steps = view.series.steps
    if view.task.settings.split.split_order == "shuffled":
        caption = "Windows are assigned to train, dev and test at random, so splits are not separated in time."
        return view.chart("data", "Data", [view.line("data", 0, steps)], caption)
    roles: dict[str, Role] = {"train": "train", "dev": "dev", "test": "test"}
    bounds = {split: view.bounds(split) for split in roles}
    lines = [
        view.line(split, *bounds[split], role) for split, role in roles.items() if bounds[split][0] < bounds[split][1]
    ]
    last = bounds["test"][1]
    if last < steps:
        lines.append(view.line("unused", last, steps, "unused"))
    return view.chart("data", "Data", lines, "The data by split.")


def _window(view: _View, scored: _Scored) -> Chart | None:
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
    ahead = "1 step" if horizon == 1 else f"{horizon} steps"
    caption = f"From the middle of the {scored.split} split: look-back of {lookback}, forecast {ahead} ahead."
    if windows > 1:
        caption += f" {windows} consecutive forecasts, each from the true values before it."
    return view.chart("window", "Forecast and true values", [*lines, forecast], caption, bands)


def _continuation(view: _View, scored: _Scored, fitted: Fitted[ForecastTask]) -> Chart | None:
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


def _continued(view: _View, fitted: Fitted[ForecastTask], origin: int, length: int) -> Line:
    """The model's continuation of the series from step `origin` on, given only the steps before."""
    columns = view.series.covariates
    known = replace(columns, past=columns.past[:origin] if columns.past_names else columns.past)
    before = replace(view.series, values=view.series.values[:origin], covariates=known)
    prime = primed(before, min(origin, MOST_PRIMED))
    ahead = length + view.task.settings.window.horizon
    forecaster = view.task.forecaster_for(fitted.model, None, (prime,), ahead=ahead)
    values = continue_series(forecaster, length, 0.0, 0).values[:, 0]
    return Line("continuation", view.time(origin + np.arange(length)), values, "model")


def _by_horizon(evaluation: ForecastEvaluation, split: str) -> Chart | None:
    horizon = len(evaluation.by_horizon)
    if horizon < 2:
        return None
    ahead = np.arange(1, horizon + 1)

    def errors(rows: Sequence[Mapping[str, float]]) -> Array:
        return np.array([row.get("mae", np.nan) for row in rows])

    lines = [Line(name, ahead, errors(rows), "baseline") for name, rows in evaluation.baselines_by_horizon.items()]
    return Chart(
        key="horizon",
        title="Error by step ahead",
        x_label="Steps ahead",
        y_label="Mean absolute error",
        lines=(*lines, Line("model", ahead, errors(evaluation.by_horizon), "model")),
        caption=f"{evaluation.windows:,} windows of the {split} split, all features, in {evaluation.units}.",
    )


def _residuals(view: _View, scored: _Scored) -> list[Chart | None]:
    framing = scored.evaluator.forecaster.framing
    windows = len(scored.starts(view.number))
    # Non-overlapping windows, so that every step counts once.
    starts = scored.starts(view.number, max(framing.horizon, -(-windows // MOST_WINDOWS)))
    if not len(starts):
        return []
    rows = starts + framing.context
    mean = scored.evaluator.forecaster.forecast(starts).mean[..., 0]
    errors = (framing.panel.window(rows, framing.horizon)[..., 0] - mean).double().reshape(-1).numpy()
    steps = view.within(rows[:, None] + torch.arange(framing.horizon)).reshape(-1)
    known = np.isfinite(errors)
    errors, steps = errors[known], steps[known]
    if not len(errors):
        return []
    zero = Line("zero", view.time(steps[[0, -1]]), np.zeros(2), "reference", "dashed")
    dots = Line("true value - forecast", view.time(steps), errors, "model", "dots")
    caption = f"{len(starts)} windows of the {scored.split} split. The errors of a good model show no pattern."
    chart = view.chart("residuals", "Errors over time", [zero, dots], caption)
    return [
        replace(chart, key="residuals", y_label=f"{chart.y_label}: true value - forecast"),
        error_histogram(errors, f"{chart.y_label}: true value - forecast", "Errors of the previous chart."),
    ]


def _future(view: _View, fitted: Fitted[ForecastTask]) -> Chart | None:
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
