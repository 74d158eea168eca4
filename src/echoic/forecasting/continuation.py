"""Continuing a series for any length: the model feeds on its own output."""

from dataclasses import replace
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from echoic.errors import DataError
from echoic.forecasting.forecaster import Forecaster
from echoic.forecasting.framing import Framing
from echoic.streams.generation import free_run, prime
from echoic.streams.kernel import DRAWS, Live, can_run
from echoic.types import Covariates, Floats, Series


def continue_series(forecaster: Forecaster, length: int, temperature: float, seed: int) -> Series:
    """The `length` steps that the model makes of the one series in `forecaster`'s panel.

    Step by step the state is primed with the whole series and carried; time and memory per step do not grow. Other
    models forecast a horizon, take it for known and go on. `temperature` scales the distance of a draw from the
    mean: 0 is the mean path, 1 the model's own distribution (a point head has no other path than its mean).

    Raises:
        DataError: known-future columns end before the continuation does, or the series is too short.
    """
    panel = forecaster.framing.panel
    known = panel.future.shape[0] - panel.values.shape[0]
    if panel.future.shape[1] and known < length:
        raise DataError(
            f"The known-future columns reach {known} steps ahead; a continuation of {length} needs {length}."
        )
    generator = torch.Generator().manual_seed(seed)
    make = _carried if forecaster.framing.is_step else _by_horizons
    values = make(forecaster, length, temperature, generator)
    return Series(panel.names[0], values.numpy(), panel.features)


def _carried(forecaster: Forecaster, length: int, temperature: float, generator: torch.Generator) -> Tensor:
    framing, head = forecaster.framing, forecaster.head
    start = torch.zeros(1, dtype=torch.long)
    steps = len(framing.panel.values)
    framing = _with_lookback(framing, steps)
    window = framing.window(start)
    params, state = prime(forecaster.model, window.inputs)

    def choose(params: Tensor) -> Tensor:
        mean = head.mean(params)
        return mean + temperature * (head.sample(params, generator) - mean) if temperature else mean

    def next_input(values: Tensor, step: int) -> Tensor:
        covariates = framing.covariates_ahead(start, step)
        return framing.network_inputs(framing.batch_to_channels(values), None, covariates)[:, 0]

    path = np.empty((length, len(framing.panel.features)), np.float32)
    if _feeds_itself(forecaster):
        states, outputs = forecaster.model.pack(state).numpy(), Live.flat(params)
        values = Live(forecaster.model).free_run(outputs, states, length, temperature=temperature, generator=generator)
        path[:] = values.reshape(length, -1)
    else:
        run = islice(free_run(forecaster.model, params, state, choose, next_input), length)
        for step, one in enumerate(run):
            path[step] = framing.batch_to_channels(one)[0, 0].numpy()
    return framing.decoded(torch.from_numpy(path)[None], start)[0]


def _feeds_itself(forecaster: Forecaster) -> bool:
    """Whether the values alone are the next input, and the kernel can draw them."""
    model, framing = forecaster.model, forecaster.framing
    plain = not framing.covariate_width and not framing.codec.has_missing
    on_cpu = next(model.parameters()).device.type == "cpu"
    return plain and on_cpu and type(model.head) in DRAWS and can_run(model)


def _by_horizons(forecaster: Forecaster, length: int, temperature: float, generator: torch.Generator) -> Tensor:
    framing = forecaster.framing
    panel, context, horizon = framing.panel, framing.context, framing.horizon
    if len(panel.values) < context:
        raise DataError(f"The prime has {len(panel.values)} steps; the run needs {context}.")
    made: list[Tensor] = []
    seen, first = panel.values[-context:], len(panel.values) - context
    while sum(len(block) for block in made) < length:
        window = _window_series(framing, seen.numpy(), first)
        block = forecaster.over(window).draw(torch.zeros(1, dtype=torch.long), temperature, generator)[0]
        made.append(block)
        seen, first = torch.cat([seen, block])[-context:], first + horizon
    return torch.cat(made)[:length]


def _window_series(framing: Framing, values: Floats, first: int) -> Series:
    """The look-back that begins at step `first` of the continued series, with the covariates that belong to it."""
    panel, steps = framing.panel, len(values)
    # Past-only columns stay as they were last.
    rows = torch.arange(first, first + steps).clamp(max=len(panel.values) - 1)
    covariates = Covariates(
        past=panel.past[rows].numpy() if panel.past.shape[1] else panel.past.numpy(),
        past_names=("",) * panel.past.shape[1],
        future=panel.future[first : first + steps + framing.horizon].numpy(),
        future_names=("",) * panel.future.shape[1],
        static=panel.static[0].numpy(),
    )
    return Series(panel.names[0], values, panel.features, covariates=covariates)


def _with_lookback(framing: Framing, steps: int) -> Framing:
    """The same framing, with the whole series for a look-back."""
    return Framing(framing.settings.replaced(lookback=steps), framing.codec, framing.panel)


def primed(series: Series, steps: int | None) -> Series:
    """The series without what comes before its last `steps` steps (None: all of it).

    Raises:
        DataError: there are not so many.
    """
    if steps is None:
        return series
    if not 1 <= steps <= series.steps:
        raise DataError(f"{series.origin}: a prime of {steps} steps is asked for; there are {series.steps}.")
    first = series.steps - steps
    covariates = replace(
        series.covariates,
        past=series.covariates.past[first:] if series.covariates.past_names else series.covariates.past,
        future=series.covariates.future[first:] if series.covariates.future_names else series.covariates.future,
    )
    return replace(series, values=series.values[first:], time=series.time.shift(first), covariates=covariates)
