"""What can be done with a trained forecast: score it, ask it, let it go on."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import ConfigError, DataError
from echoic.forecasting.continuation import continue_series, primed
from echoic.forecasting.evaluator import BATCH, Evaluation, Evaluator
from echoic.forecasting.forecaster import Calibration, Forecast
from echoic.forecasting.results import Table, forecast_columns, predict_table
from echoic.jobs.base import Fitted, GenerateRequest
from echoic.jobs.forecast.task import ForecastTask
from echoic.sources import DatasetLike, read
from echoic.types import Covariates, Series
from echoic.windows import Ranges, SequentialSampler, full_ranges


def evaluate(
    fitted: Fitted,
    data: Any,
    split: str,
    stride: int = 1,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Evaluation:
    """Scores on a part of the run's own data, or on new `data`.

    New series that go on where those of the run end (by their timestamps; without any, by their names) are scored
    from their first step on, with the run's series as look-back.

    Raises:
        DataError: there is no window to score.
    """
    evaluator, sampler = evaluator_of(fitted, data, split, stride)
    season = fitted.task.settings.scaling.season
    return evaluator.evaluate(sampler, season[0] if season else 1, on_progress)


def evaluator_of(fitted: Fitted, data: Any, split: str, stride: int) -> tuple[Evaluator, SequentialSampler]:
    """What scores, and the windows that are scored, in batches."""
    evaluator, sampler, _ = _scoring(fitted, data, split, stride)
    return evaluator, sampler


def _scoring(
    fitted: Fitted, data: Any, split: str, stride: int
) -> tuple[Evaluator, SequentialSampler, tuple[Series, ...]]:
    """As `evaluator_of`, and the series that the windows are of."""
    task: ForecastTask = fitted.task
    if data is None:
        if split == "dev" and task.should_refit:
            raise DataError(
                "The network was trained anew on train and dev (`refit`), so that dev tests nothing; give new data, or "
                "train with --no-refit."
            )
        evaluator = Evaluator(task.forecaster(fitted.model, _calibration(fitted)), task.panel, task.splits["train"])
        sampler = task.shuffled_sampler(split) if task.is_shuffled else evaluator.sampler(task.splits[split], stride)
        if not sampler.num_windows:
            remedy = "give new data" if task.should_refit else "choose another --split, or give new data"
            raise DataError(
                f"The {split} part of {task.dataset.origin} has no window of {task.settings.window.horizon} steps; "
                f"{remedy}."
            )
        return evaluator, sampler, task.dataset.series
    dataset = read(data, task.settings.data)
    task.check_columns(dataset.series[0])
    series, ranges = _continued(task.dataset, dataset)
    # What is scored must not set its own scale: only the first look-back may.
    forecaster = task.forecaster_for(fitted.model, _calibration(fitted), series, task.framing.context)
    evaluator = Evaluator(forecaster, task.panel, task.splits["train"])
    sampler = evaluator.sampler(ranges, stride)
    if not sampler.num_windows:
        raise DataError(
            f"{dataset.origin}: has no window of {task.settings.window.horizon} steps after the "
            f"{forecaster.framing.context} that the run needs to see."
        )
    return evaluator, sampler, series


def backtest(fitted: Fitted, data: Any, split: str, stride: int = 1) -> Table:
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
        when = [base.times(step + ahead) for base, step in zip(bases, steps, strict=True)]
        quantiles = None if batch.quantiles is None else torch.from_numpy(batch.quantiles)
        table = forecast_columns(Forecast(torch.from_numpy(batch.mean), quantiles), names, when, framing.panel.features)
        rows = framing.horizon * len(framing.panel.features)
        cutoffs = [base.times(step - 1 + np.arange(1)) for base, step in zip(bases, steps, strict=True)]
        table["cutoff"] = np.repeat(np.concatenate(cutoffs), rows)
        table["y"] = batch.target.transpose(0, 2, 1).reshape(-1)
        tables.append(table)
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def predict(fitted: Fitted, data: Any) -> Table:
    """A long table of what follows every series of `data`, or of the run's own data."""
    task: ForecastTask = fitted.task
    if data is None:
        series = task.dataset.series
        return predict_table(task.forecaster(fitted.model, _calibration(fitted)), series)
    series = read(data, task.settings.data).series
    return predict_table(task.forecaster_for(fitted.model, _calibration(fitted), series), series)


def rolling(fitted: Fitted, values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Forecasts `(windows, horizon, features)` after every full context in `values` `(steps, features)`."""
    task: ForecastTask = fitted.task
    name = task.panel.names[0]
    forecaster = task.forecaster_for(fitted.model, None, (Series(name, values, task.panel.features),))
    starts = torch.arange(len(values) - forecaster.framing.context + 1)
    means = [forecaster.forecast(batch).mean for batch in torch.split(starts, BATCH)]
    return torch.cat(means).double().numpy()


DEFAULT_LENGTH = 100


def generate(fitted: Fitted, request: GenerateRequest) -> list[Series]:
    """The continuation of every series of the prime: the run's data (None), their last N steps, or other data.

    Raises:
        ConfigError: `length` is not a positive number of steps, or draws are asked for that only symbols have.
        DataError: the prime is too short.
    """
    length, steps = _steps(request), _known_steps(request.prime)
    task: ForecastTask = fitted.task
    own = request.prime is None or steps is not None
    series = task.dataset.series if own else read(request.prime, task.settings.data).series
    made = []
    for one in series:
        forecaster = task.forecaster_for(fitted.model, _calibration(fitted), (primed(one, steps),))
        values = continue_series(forecaster, length, request.temperature or 0.0, request.seed)
        made.append(replace(values, time=one.time.shift(one.steps)))
    return made


def _steps(request: GenerateRequest) -> int:
    if request.top_k is not None or request.top_p is not None:
        raise ConfigError("`top_k` and `top_p` are for music, text and audio; forecasts take a `temperature`.")
    length = DEFAULT_LENGTH if request.length is None else request.length
    if not str(length).isdigit() or int(length) < 1:
        raise ConfigError(f"`--length` must be a positive number of steps, got {length}.")
    return int(length)


def _known_steps(prime: Any) -> int | None:
    """N, if the prime is the last N steps."""
    if isinstance(prime, int | np.integer):
        return int(prime)
    return int(prime) if isinstance(prime, str) and prime.isdigit() else None


def _calibration(fitted: Fitted) -> Calibration | None:
    return Calibration.from_json(fitted.calibration) if fitted.calibration else None


def _continued(own: DatasetLike, new: DatasetLike) -> tuple[tuple[Series, ...], Ranges]:
    """The new series, joined to those of the run that they continue, and the rows that are new."""
    known = {one.name: one for one in own.series}
    if len(own.series) == len(new.series) == 1 and new.series[0].time.start is not None:
        # The names of wide tables are those of their files: of a single series the timestamps alone decide.
        known = {new.series[0].name: own.series[0]}
    joined: list[Series] = []
    old_steps: list[int] = []
    for one in new.series:
        before = known.get(one.name)
        follows = before is not None and _follows(before, one)
        joined.append(_appended(before, one) if before is not None and follows else one)
        old_steps.append(before.steps if before is not None and follows else 0)
    ranges = full_ranges(joined)
    return tuple(joined), Ranges(ranges.begin + torch.tensor(old_steps), ranges.end)


def _follows(before: Series, after: Series) -> bool:
    if before.time.start is None or after.time.start is None:
        return before.time.start is None and after.time.start is None
    steps = np.arange(after.steps)
    return np.array_equal(before.time.times(before.steps + steps), after.time.times(steps))


def _appended(before: Series, after: Series) -> Series:
    old, new = before.covariates, after.covariates
    covariates = Covariates(
        past=np.concatenate([old.past, new.past]),
        past_names=old.past_names,
        future=np.concatenate([old.future[: before.steps], new.future]),
        future_names=old.future_names,
        static=old.static,
        static_names=old.static_names,
    )
    values = np.concatenate([before.values, after.values])
    return replace(before, values=values, covariates=covariates, origin=after.origin)
