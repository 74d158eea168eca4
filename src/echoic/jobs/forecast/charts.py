"""Charts of a forecast report."""

from collections.abc import Mapping, Sequence
from typing import Any

from echoic.forecasting.evaluator import ForecastEvaluation
from echoic.jobs.base import Fitted
from echoic.jobs.forecast.chart_errors import horizon_chart, residual_charts
from echoic.jobs.forecast.chart_forecasts import continuation_chart, future_chart, window_chart
from echoic.jobs.forecast.chart_scored import Scored
from echoic.jobs.forecast.chart_view import MOST_SERIES, View, data_chart
from echoic.jobs.forecast.task import ForecastTask
from echoic.report.charts import Chart
from echoic.report.standard import loss_chart


def charts(
    fitted: Fitted[ForecastTask], metrics: Sequence[Mapping[str, Any]], evaluation: ForecastEvaluation | None = None
) -> list[Chart]:
    """The data, learning curves, and forecasts of the test split (of dev if test has no window).

    Shows the first feature of up to three series, and the errors of about 500 windows. Charts without sufficient data
    are left out, as are the errors by step ahead without an `evaluation`.
    """
    task = fitted.task
    views = [View(task, number) for number in range(min(MOST_SERIES, len(task.panel.names)))]
    made: list[Chart | None] = [data_chart(view) for view in views]
    made.append(loss_chart(metrics))
    scored = Scored.of(fitted)
    if scored is not None:
        made += [window_chart(view, scored) for view in views]
        made += [continuation_chart(view, scored, fitted) for view in views]
        if evaluation is not None:
            made.append(horizon_chart(evaluation, scored.split))
        made += residual_charts(views[0], scored)
    made += [future_chart(view, fitted) for view in views]
    return [chart for chart in made if chart is not None]
