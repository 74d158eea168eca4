"""Charts of the errors of forecasts: by step ahead, over time, and their distribution."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.forecasting.evaluator import ForecastEvaluation
from echoic.jobs.forecast.chart_scored import Scored
from echoic.jobs.forecast.chart_view import View
from echoic.report.charts import Chart, Line
from echoic.report.standard import error_histogram
from echoic.types.counted import counted

MOST_WINDOWS = 500
"""Maximum number of windows in the chart of errors over time."""

Array = NDArray[np.float64]


def horizon_chart(evaluation: ForecastEvaluation, split: str) -> Chart | None:
    """The mean absolute error at each step ahead; None for a horizon of one step."""
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
        caption=f"{counted(evaluation.windows, 'window')} of the {split} split, all features, in {evaluation.units}.",
    )


def residual_charts(view: View, scored: Scored) -> list[Chart | None]:
    """The errors of non-overlapping windows over time, and their distribution; empty without any."""
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
    caption = (
        f"{counted(len(starts), 'window')} of the {scored.split} split. The errors of a good model show no pattern."
    )
    chart = view.chart("residuals", "Errors over time", [zero, dots], caption)
    return [
        replace(chart, key="residuals", y_label=f"{chart.y_label}: true value - forecast"),
        error_histogram(errors, f"{chart.y_label}: true value - forecast", "Errors of the previous chart."),
    ]
