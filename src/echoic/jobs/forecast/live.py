"""A forecast as a stream: what follows the newest value, over a sliding look-back."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import ConfigError, DataError
from echoic.forecasting.calendar import is_used
from echoic.forecasting.levels import INTERVALS, LEVELS
from echoic.forecasting.results import value_units, without_noise
from echoic.jobs.base import Fitted
from echoic.jobs.forecast.task import ForecastTask
from echoic.jobs.forecast.use import calibration_of
from echoic.streams.live import LiveStream, Record
from echoic.streams.state_bytes import Limits
from echoic.types import Series
from echoic.windows import full_ranges

Values = NDArray[np.float64]

KEPT_STEPS = 256
"""Steps before the look-back that are kept, by whose errors baselines are weighted."""

MAX_CHUNK = 1 << 20
"""Most steps of a chunk."""


class LiveForecast(NamedTuple):
    """The forecast after the newest value.

    Attributes:
        step: number of values so far.
        mean: `(horizon, features)`, in data units.
        quantiles: `(levels, horizon, features)` at `levels`; empty for a run without intervals.
    """

    step: int
    mean: Values
    quantiles: Values


class ForecastState(NamedTuple):
    """A series between two chunks: its newest steps `(steps, features)`, and how many there were in all."""

    newest: Values
    num_steps: int


@final
class ForecastStream(LiveStream[NDArray[Any], LiveForecast | None, ForecastState]):
    """Forecasts a series as it grows.

    Chunks are values `(steps, features)`, or `(steps,)` of a single feature; NaN is missing. The result is the forecast
    after the last of them: that of `predict` for the newest `history_steps` of the series, as a series of the name
    `series`. It is None before there is a value.

    Args:
        fitted: the run.
        series: the series of the run whose scale is used; None: the run's only one, or a scale of its own.

    Raises:
        ConfigError: the run needs more than values, or has no such series.
    """

    job = "forecast"
    takes = "values"
    levels = LEVELS

    def __init__(self, fitted: Fitted[ForecastTask], series: str | None = None) -> None:
        super().__init__(fitted.model)
        task = fitted.task
        check_streamable(task)
        names = task.panel.names
        if series is not None and series not in names:
            raise ConfigError(f"`series` must be a series of the run, such as {names[0]!r}, got {series!r}.")
        self.series = series or (names[0] if len(names) == 1 else None)
        self.features = task.panel.features
        self.history_steps = task.framing.context + KEPT_STEPS
        self._task = task
        self._calibration = calibration_of(fitted)
        self._samples_paths = task.forecaster(fitted.model, None).samples_paths

    def start(self) -> ForecastState:
        """The state before the first value."""
        return ForecastState(np.zeros((0, len(self.features))), 0)

    def _push_many(
        self, chunks: Sequence[NDArray[Any]], states: Sequence[ForecastState]
    ) -> tuple[list[LiveForecast | None], list[ForecastState]]:
        after = []
        for chunk, state in zip(chunks, states, strict=True):
            values = self._checked(chunk)
            newest = np.concatenate([state.newest, values])[-self.history_steps :]
            after.append(ForecastState(newest, state.num_steps + len(values)))
        return self._forecasts(after), after

    def finish(self, state: ForecastState) -> None:
        """Nothing: every value has its forecast at once."""
        del state

    def records(self, result: LiveForecast | None) -> list[Record]:
        """The number of values so far, and mean and intervals of the horizon, by feature where there are several."""
        if result is None:
            return []
        rows = {"mean": result.mean}
        for percent in INTERVALS if len(result.quantiles) else ():
            low, high = (100 - percent) / 200, 1 - (100 - percent) / 200
            rows |= {f"lo-{percent}": result.quantiles[LEVELS.index(low)]}
            rows |= {f"hi-{percent}": result.quantiles[LEVELS.index(high)]}
        columns = [
            {name: values[:, place].tolist() for name, values in rows.items()} for place in range(len(self.features))
        ]
        return [
            {
                "step": result.step,
                **(columns[0] if len(columns) == 1 else dict(zip(self.features, columns, strict=True))),
            }
        ]

    @property
    def options(self) -> str:
        """The series whose scale is used."""
        return f"series={self.series}"

    @property
    def limits(self) -> Limits:
        return {"newest": (0, self.history_steps)}

    def _forecasts(self, states: Sequence[ForecastState]) -> list[LiveForecast | None]:
        """The forecast after each state, None for those without a step; by one pass of the network."""
        known = [row for row, state in enumerate(states) if state.num_steps]
        results: list[LiveForecast | None] = [None] * len(states)
        # Sampled paths of one series would depend on the number of others.
        together = [[row] for row in known] if self._samples_paths else [known]
        for rows in together:
            for row, forecast in zip(rows, self._forecast([states[row] for row in rows]), strict=True):
                results[row] = forecast
        return results

    def _forecast(self, states: Sequence[ForecastState]) -> list[LiveForecast]:
        if not states:
            return []
        # Series that the run does not know are scaled by themselves, each under a name of its own.
        names = [self.series or f"stream {row}" for row in range(len(states))]
        series = tuple(Series(name, state.newest, self.features) for name, state in zip(names, states, strict=True))
        rows, context = full_ranges(series), self._task.framing.context
        ends = torch.minimum(rows.begin + context, rows.end)
        forecaster = self._task.forecaster_for(self.model, self._calibration, series, calibrated_ends=ends)
        origins = forecaster.framing.panel.offsets[1:]
        forecast = forecaster.forecast(origins - forecaster.framing.context)
        units = value_units(forecaster.framing, origins)
        mean = without_noise(forecast.mean.double().numpy(), units)
        quantiles = np.zeros((0, *mean.shape))
        if forecast.quantiles is not None:
            quantiles = without_noise(forecast.quantiles.double().numpy(), units)
        return [LiveForecast(state.num_steps, mean[row], quantiles[:, row]) for row, state in enumerate(states)]

    def _checked(self, chunk: Any) -> Values:
        values = np.asarray(chunk)
        if values.ndim == 1 and len(self.features) == 1:
            values = values[:, None]
        width = len(self.features)
        if values.ndim != 2 or values.shape[1] != width or values.dtype.kind not in "fiu" or len(values) > MAX_CHUNK:
            raise DataError(
                f"A chunk must be numbers (steps, {width}) of {', '.join(self.features)}, at most {MAX_CHUNK:,} steps, "
                f"got {values.dtype} {values.shape}."
            )
        found = values.astype(np.float64)
        if (np.abs(found) > np.finfo(np.float32).max).any():  # as in files
            raise DataError(
                "The values have one that is infinite or beyond 3.4e38; give NaN for a value that is missing."
            )
        return found


def check_streamable(task: ForecastTask) -> None:
    """Checks that the network's inputs are values alone.

    Raises:
        ConfigError: they are not; the message names the settings to train with.
    """
    covariates = task.series[0].covariates
    if is_used(task.settings.calendar):
        raise ConfigError(
            "A stream of values has no timestamps, which this network's inputs from the calendar require; use "
            "`predict` or `generate`, or train with --calendar none and without --holidays."
        )
    if names := (*covariates.past_names, *covariates.future_names, *covariates.static_names):
        raise ConfigError(
            f"A stream of values has no other columns, which this network requires ({', '.join(names)}); use "
            "`predict`, or train without them."
        )
