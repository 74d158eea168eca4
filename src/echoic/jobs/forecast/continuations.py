"""Continuations of series by a trained forecast."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from echoic.config.forecast import ForecastRequest
from echoic.errors import ConfigError
from echoic.forecasting.continuation import continue_series, primed
from echoic.forecasting.results import Table
from echoic.jobs.base import Fitted
from echoic.jobs.forecast.joining import JoinedSeries
from echoic.jobs.forecast.new_data import read_new
from echoic.jobs.forecast.task import ForecastTask
from echoic.jobs.forecast.use import calibration_of
from echoic.progress import ProgressFn
from echoic.types import Series
from echoic.types.counted import counted
from echoic.writers.tables import write_table


def generate(
    fitted: Fitted[ForecastTask], request: ForecastRequest, on_chunk: Callable[[Series], None] = lambda _: None
) -> list[Series]:
    """Continues every series of the prime: the run's series (None), their last N steps, or other data.

    Other data that continue the run's series have them before.

    `on_chunk` is called with each continuation.

    Raises:
        DataError: the prime is too short.
    """
    steps, task = _known_steps(request.prime), fitted.task
    series: Sequence[Series] = task.series
    if request.prime is not None and steps is None:
        series = JoinedSeries.of(task.series, read_new(task, request.prime).series, task.settings.data).series
    made = []
    for one in series:
        ahead = request.length + task.settings.window.horizon  # the last of its horizons may reach beyond
        forecaster = task.forecaster_for(fitted.model, calibration_of(fitted), (primed(one, steps),), ahead=ahead)
        values = continue_series(forecaster, request.length, request.temperature, request.seed)
        made.append(replace(values, time=one.time.shift(one.steps)))
        on_chunk(made[-1])
    return made


def write_continuation(
    fitted: Fitted[ForecastTask], request: ForecastRequest, output: Path | None, on_progress: ProgressFn
) -> str:
    """Writes continuations as a CSV or Parquet table.

    Raises:
        ConfigError: there is no output file.
        RunError: the file cannot be written.
    """
    if output is None:
        raise ConfigError("A forecast run generates into a table; name a CSV or Parquet file with -o FILE.")
    done = 0

    def count(_: Series) -> None:
        nonlocal done
        done += 1
        on_progress(done, max(done, len(fitted.task.panel.names)))

    made = generate(fitted, request, count)
    write_table(output, series_columns(made))
    return f"{output}: {counted(made[0].steps, 'step')} of {len(made)} series"


def series_columns(series: Sequence[Series]) -> Table:
    """Series of equal length as columns: ds and one column per feature; unique_id before them if there are several."""
    columns: Table = {}
    if len(series) > 1:
        columns["unique_id"] = np.repeat(np.array([one.name for one in series], object), series[0].steps)
    columns["ds"] = np.concatenate([one.time.stamps(np.arange(one.steps)) for one in series])
    for number, feature in enumerate(series[0].features):
        columns[feature] = np.concatenate([one.values[:, number] for one in series])
    return columns


def _known_steps(prime: Any) -> int | None:
    """N, if the prime is the last N steps of the run's own data."""
    if isinstance(prime, int | np.integer):
        return int(prime)
    return int(prime) if isinstance(prime, str) and prime.isdigit() else None
