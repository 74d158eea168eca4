"""Evaluation and predictions of a trained forecast."""

import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.forecasting.calibration import Calibration
from echoic.forecasting.evaluator import BATCH, Evaluator, ForecastEvaluation
from echoic.forecasting.forecaster import Forecast
from echoic.forecasting.results import Table, forecast_columns, predict_table, value_units
from echoic.jobs.base import Fitted
from echoic.jobs.forecast.joining import JoinedSeries
from echoic.jobs.forecast.new_data import read_new
from echoic.jobs.forecast.task import ForecastTask
from echoic.progress import ProgressFn, no_progress
from echoic.types import Series
from echoic.types.counted import counted
from echoic.windows import SequentialSampler, empty_split


def evaluate(
    fitted: Fitted[ForecastTask],
    data: Any,
    split: str,
    stride: int = 1,
    on_progress: ProgressFn = no_progress,
    *,
    statistical: bool = False,
) -> ForecastEvaluation:
    """Scores on a split of the run's own data, or on new `data`.

    New series that continue those of the run (by timestamps; without any, by name) are scored from their first step
    on, with the run's series as look-back.

    Raises:
        DataError: there is no window.
    """
    evaluator, sampler = evaluator_of(fitted, data, split, stride)
    season = fitted.task.settings.scaling.season
    return evaluator.evaluate(sampler, season[0] if season else 1, on_progress, statistical=statistical)


def evaluator_of(
    fitted: Fitted[ForecastTask], data: Any, split: str, stride: int
) -> tuple[Evaluator, SequentialSampler]:
    """The evaluator, and the windows to score."""
    evaluator, sampler, _ = _scoring(fitted, data, split, stride)
    return evaluator, sampler


def _scoring(
    fitted: Fitted[ForecastTask], data: Any, split: str, stride: int
) -> tuple[Evaluator, SequentialSampler, tuple[Series, ...]]:
    """As `evaluator_of`, and the series of the windows."""
    task = fitted.task
    if data is None:
        if split == "dev" and task.should_refit:
            raise DataError(
                "The network was refitted on train and dev (`refit`), so that scores on dev would be too good; give "
                "new data, or train with --no-refit."
            )
        evaluator = Evaluator(task.forecaster(fitted.model, calibration_of(fitted)), task.panel, task.splits["train"])
        windows = task.windows
        sampler = (
            windows.shuffled_sampler(split) if windows.is_shuffled else evaluator.sampler(task.splits[split], stride)
        )
        if not sampler.num_windows:
            remedy = "give new data" if task.should_refit else ""
            content = f"window of {counted(task.settings.window.horizon, 'step')}"
            raise empty_split(split, task.dataset.origin, content, remedy)
        return evaluator, sampler, task.series
    dataset = read_new(task, data)
    joined = JoinedSeries.of(task.series, dataset.series, task.settings.data, scored=True)
    # Only the first look-back of a new series may set its scale and its rates, not the steps to score.
    context, begin = task.framing.context, task.panel.offsets[:-1]
    forecaster = task.forecaster_for(
        fitted.model,
        calibration_of(fitted),
        joined.series,
        context,
        joined.ends(task.splits["train"].end - begin, context),
        joined.ends(task.calibrated_ends - begin, context),
    )
    evaluator = Evaluator(forecaster, task.panel, task.splits["train"])
    sampler = evaluator.sampler(joined.new_rows, stride)
    if not sampler.num_windows:
        raise DataError(
            f"{dataset.origin} has no window of {counted(task.settings.window.horizon, 'step')} after the "
            f"{counted(forecaster.framing.context, 'step')} of context that the run requires."
        )
    return evaluator, sampler, joined.series


def backtest(fitted: Fitted[ForecastTask], data: Any, split: str, stride: int = 1) -> Table:
    """Every forecast behind the scores, in the long format: unique_id, cutoff, ds, target, y, mean and intervals."""
    evaluator, sampler, scored = _scoring(fitted, data, split, stride)
    framing = evaluator.forecaster.framing
    tables = []
    for batch in evaluator.scored(sampler):
        series = framing.panel.series_index(batch.origins)
        names = [scored[number].name for number in series.tolist()]
        bases = [scored[number].time for number in series.tolist()]
        steps = (batch.origins - framing.panel.offsets[series]).numpy()
        ahead = np.arange(framing.horizon)
        when = [base.stamps(step + ahead) for base, step in zip(bases, steps, strict=True)]
        quantiles = None if batch.quantiles is None else torch.from_numpy(batch.quantiles)
        made = Forecast(torch.from_numpy(batch.mean), quantiles)
        unit = value_units(framing, batch.origins)
        table = forecast_columns(made, names, when, framing.panel.features, unit)
        rows = framing.horizon * len(framing.panel.features)
        cutoffs = [base.stamps(step - 1 + np.arange(1)) for base, step in zip(bases, steps, strict=True)]
        table["cutoff"] = np.repeat(np.concatenate(cutoffs), rows)
        table["y"] = batch.target.transpose(0, 2, 1).reshape(-1)
        tables.append(table)
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def predict(fitted: Fitted[ForecastTask], data: Any) -> Table:
    """Forecasts after the end of every series of `data`, or of the run's own series, as a long table.

    Series that continue those of the run have them as look-back.
    """
    table = _predicted(fitted, data)
    if not any(name.startswith("lo-") for name in table):
        warnings.warn(
            "There are no prediction intervals: too few forecasts of the past show how far they are off.", stacklevel=2
        )
    return table


def _predicted(fitted: Fitted[ForecastTask], data: Any) -> Table:
    task = fitted.task
    if data is None:
        return predict_table(task.forecaster(fitted.model, calibration_of(fitted)), task.series)
    joined = JoinedSeries.of(task.series, read_new(task, data).series, task.settings.data)
    ends = joined.ends(task.calibrated_ends - task.panel.offsets[:-1], task.framing.context)
    forecaster = task.forecaster_for(fitted.model, calibration_of(fitted), joined.series, calibrated_ends=ends)
    return predict_table(forecaster, joined.series)


def rolling(fitted: Fitted[ForecastTask], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Forecasts `(windows, horizon, features)` after every full context in `values` `(steps, features)`."""
    task = fitted.task
    name = task.panel.names[0]
    forecaster = task.forecaster_for(fitted.model, None, (Series(name, values, task.panel.features),))
    starts = torch.arange(len(values) - forecaster.framing.context + 1)
    means = [forecaster.forecast(batch).mean for batch in torch.split(starts, BATCH)]
    return torch.cat(means).double().numpy()


def calibration_of(fitted: Fitted[ForecastTask]) -> Calibration | None:
    """The calibration on dev; None without."""
    return Calibration.from_json(fitted.calibration) if fitted.calibration else None
