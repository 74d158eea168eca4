"""Autoregressive continuation of a series, of any length."""

from dataclasses import replace

import torch
from torch import Tensor

from echoic.errors import DataError
from echoic.forecasting.forecaster import Forecaster
from echoic.forecasting.framing import Framing
from echoic.forecasting.results import value_units, without_noise
from echoic.streams import GenerationStream, KernelStream, NetworkStream
from echoic.streams.kernel import SAMPLED_HEADS, can_run
from echoic.types import Covariates, Series, Values

CHUNK_STEPS = 1024
"""Steps per chunk."""


def continue_series(forecaster: Forecaster, length: int, temperature: float, seed: int) -> Series:
    """Continues the one series in `forecaster`'s panel by `length` steps.

    A recursive model is primed with the whole series and carries its state; time and memory per step are constant.
    Other models forecast a horizon, append it to the series and repeat. `temperature` scales the deviation of samples
    from the mean: 0 returns the mean, 1 samples the model's distribution (a point head only has a mean).

    Raises:
        DataError: known-future columns end before the continuation does, or the series is too short.
    """
    panel = forecaster.framing.panel
    known = panel.future.shape[0] - panel.values.shape[0]
    if panel.future.shape[1] and known < length:
        raise DataError(
            f"The known-future columns end {known} steps after the series, but the continuation has {length}; add rows."
        )
    make = _recursive if forecaster.framing.is_step else _by_horizons
    values = make(forecaster, length, temperature, seed)
    unit = value_units(forecaster.framing, panel.offsets[1:])[0]
    return Series(panel.names[0], without_noise(values.double().numpy(), unit), panel.features)


def _recursive(forecaster: Forecaster, length: int, temperature: float, seed: int) -> Tensor:
    start = torch.zeros(1, dtype=torch.long)
    framing = _with_lookback(forecaster.framing, len(forecaster.framing.panel.values))
    inputs = framing.window(start).inputs
    if _fits_kernel(forecaster):
        params, state = NetworkStream(forecaster.model).prime(inputs)
        outputs, states = KernelStream.flat(params), state.numpy()
        generator = torch.Generator().manual_seed(seed)
        values = KernelStream(forecaster.model).generate_(
            outputs, states, length, temperature=temperature, generator=generator
        )
        path = torch.from_numpy(values.reshape(length, -1))
    else:
        path = _generate(_stream(forecaster, framing, temperature), inputs, length, seed, framing)
    return framing.decoded(path[None], start)[0]


def _stream(forecaster: Forecaster, framing: Framing, temperature: float) -> GenerationStream:
    head, start = forecaster.head, torch.zeros(1, dtype=torch.long)

    def sample(params: Tensor, generator: torch.Generator) -> Tensor:
        mean = head.mean(params)
        return mean + temperature * (head.sample(params, generator) - mean) if temperature else mean

    def next_input(values: Tensor, step: int) -> Tensor:
        covariates = framing.covariates_ahead(start, step)
        return framing.network_inputs(framing.batch_to_channels(values), None, covariates)[:, 0]

    return GenerationStream(forecaster.model, sample, next_input)


def _generate(stream: GenerationStream, inputs: Tensor, length: int, seed: int, framing: Framing) -> Tensor:
    """Generates scaled values `(length, features)` after `inputs`; in chunks, because a tensor per step is large."""
    path = torch.empty(length, len(framing.panel.features))
    state = stream.start(inputs, seed)
    for chunk in torch.split(path, CHUNK_STEPS):
        values, state = stream.push(len(chunk), state)
        chunk[:] = framing.batch_to_channels(values)[0]
    return path


def _fits_kernel(forecaster: Forecaster) -> bool:
    """Whether values are the only inputs, and the kernel can sample them."""
    model, framing = forecaster.model, forecaster.framing
    plain = not framing.covariate_width and not framing.codec.has_missing
    on_cpu = next(model.parameters()).device.type == "cpu"
    return plain and on_cpu and type(model.head) in SAMPLED_HEADS and can_run(model)


def _by_horizons(forecaster: Forecaster, length: int, temperature: float, seed: int) -> Tensor:
    framing, generator = forecaster.framing, torch.Generator().manual_seed(seed)
    panel, context, horizon = framing.panel, framing.context, framing.horizon
    if len(panel.values) < context:
        raise DataError(f"The prime has {len(panel.values)} steps; the run requires {context}.")
    blocks: list[Tensor] = []
    seen, first = panel.values[-context:], len(panel.values) - context
    while sum(len(block) for block in blocks) < length:
        window = _window_series(framing, seen.numpy(), first)
        block = forecaster.over(window).sample(torch.zeros(1, dtype=torch.long), temperature, generator)[0]
        blocks.append(block)
        seen, first = torch.cat([seen, block])[-context:], first + horizon
    return torch.cat(blocks)[:length]


def _window_series(framing: Framing, values: Values, first: int) -> Series:
    """The look-back from step `first` of the continued series on, with its covariates."""
    panel, steps = framing.panel, len(values)
    # Past-only columns keep their last value.
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
    """The same framing with another look-back."""
    return Framing(framing.settings.replaced(lookback=steps), framing.codec, framing.panel)


def primed(series: Series, steps: int | None) -> Series:
    """The last `steps` steps of the series (None: all of it).

    Raises:
        DataError: the series is shorter.
    """
    if steps is None:
        return series
    if not 1 <= steps <= series.steps:
        raise DataError(f"{series.origin}: the prime must have 1 to {series.steps} steps, got {steps}.")
    first = series.steps - steps
    covariates = replace(
        series.covariates,
        past=series.covariates.past[first:] if series.covariates.past_names else series.covariates.past,
        future=series.covariates.future[first:] if series.covariates.future_names else series.covariates.future,
    )
    return replace(series, values=series.values[first:], time=series.time.shift(first), covariates=covariates)
