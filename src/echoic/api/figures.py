"""The figures of runs and evaluations, and a run as an HTML table."""

import html
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from echoic.errors import RunError
from echoic.metrics.evaluation import Evaluation
from echoic.report.gallery import Gallery

if TYPE_CHECKING:
    from echoic.api.opened import OpenedRun

F = TypeVar("F", bound=Callable[..., Evaluation])


def drawable(evaluate: F) -> F:
    """Lets the evaluations that a method of `Run` returns draw the charts that they add to those of training."""

    @wraps(evaluate)
    def wrapped(run: "OpenedRun", *args: Any, **options: Any) -> Evaluation:
        evaluation = evaluate(run, *args, **options)
        return replace(evaluation, figures=lambda: _added(run, evaluation))

    return cast("F", wrapped)


def gallery(run: "OpenedRun", evaluation: Evaluation | None = None) -> Gallery:
    """The learning curves of a run, and the charts of an evaluation of it."""
    return Gallery.of(run.job.charts(run.fitted, run.metrics(), evaluation))


def _added(run: "OpenedRun", evaluation: Evaluation) -> Gallery:
    metrics = run.metrics()
    learning = {chart.key for chart in run.job.charts(run.fitted, metrics, None)}
    charts = run.job.charts(run.fitted, metrics, evaluation)
    return Gallery.of(chart for chart in charts if chart.key not in learning)


def run_html(run: "OpenedRun") -> str:
    """Job, folder, data and result of a run, and its notes; all text is escaped."""
    rows: dict[str, Any] = {
        "job": run.job.name,
        "folder": run.path,
        "data": run.config["data"]["path"] or "in memory",
    }
    try:
        result = run.result()
    except RunError:
        rows["result"] = "no trained model yet"
    else:
        loss = result["best_dev_loss"]
        rows |= {"training steps": f"{result['steps']:,}", "dev loss": "none" if loss is None else f"{loss:.4g}"}
    cells = (f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows.items())
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in run.notes())
    return f"<table><tbody>{''.join(cells)}</tbody></table>{notes}"
