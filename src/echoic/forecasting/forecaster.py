"""Batched forecasts with quantiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, cast, final

import torch
from torch import Tensor

from echoic.forecasting.framing import Framing, Window
from echoic.heads import ValueHead
from echoic.model import SequenceModel
from echoic.streams import GenerationStream, NetworkStream
from echoic.types import Series
from echoic.windows import Panel

PATHS = 200
"""Number of sampled paths from which a recursive model estimates quantiles."""

INTERVALS = (80, 95)
"""Prediction intervals in percent."""

LEVELS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
"""Levels of the forecast quantiles."""


class Forecast(NamedTuple):
    """`mean` `(windows, horizon, features)` and `quantiles` `(levels, windows, horizon, features)`, in data units.

    `quantiles` is None for a model without a distribution and without calibration.
    """

    mean: Tensor
    quantiles: Tensor | None


@final
@dataclass(frozen=True, eq=False)
class Calibration:
    """Split conformal calibration: corrections of the quantiles to nominal coverage on dev.

    `shift` `(levels, horizon, features)` is added to the scaled quantiles (Vovk 2005; for quantiles Romano 2019).
    """

    shift: Tensor

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {"levels": list(LEVELS), "shift": self.shift.tolist()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(torch.tensor(data["shift"]))


@final
class Forecaster:
    """A trained network with the framing of the data to forecast."""

    def __init__(self, model: SequenceModel, framing: Framing, calibration: Calibration | None, seed: int = 0) -> None:
        self.model = model
        self.head = cast("ValueHead", model.head)
        self.framing = framing
        self.calibration = calibration
        self.has_distribution = self.head.has_distribution
        self.seed = seed

    @torch.no_grad()
    def forecast(self, starts: Tensor) -> Forecast:
        """Forecasts the horizons after the look-backs that begin at `starts`."""
        mean, quantiles = self.scaled(starts)
        if quantiles is not None:
            quantiles = torch.stack([self.framing.decoded(level, starts) for level in quantiles])
        return Forecast(self.framing.decoded(mean, starts), quantiles)

    @torch.no_grad()
    def scaled(self, starts: Tensor) -> tuple[Tensor, Tensor | None]:
        """As `forecast`, in scaled units."""
        self.model.eval()
        window = self.framing.window(starts)
        mean, quantiles = self._closed_loop(window, starts) if self.framing.is_step else self._direct(window)
        if self.calibration is not None:
            base = mean.expand(len(LEVELS), *mean.shape) if quantiles is None else quantiles
            # Sorting prevents quantile crossing, since corrections differ by level.
            quantiles = (base + self.calibration.shift[:, None]).sort(0).values
        return mean, quantiles

    @torch.no_grad()
    def sample(self, starts: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
        """Samples a path after each look-back, `(windows, horizon, features)` in data units; temperature 0: mean."""
        self.model.eval()
        window, head = self.framing.window(starts), self.head
        params, _ = self.model(window.inputs, None, window.ids, window.ahead)
        params = params[:, : self.framing.horizon]
        output = head.mean(params)
        if temperature:
            output = output + temperature * (head.sample(params, generator) - output)
        return self.framing.decoded(window.stats.decode(self.framing.batch_to_channels(output)), starts)

    def over(self, series: Series) -> Self:
        """The same forecaster for another series, scaled like the first one of this panel."""
        framing = Framing(self.framing.settings, self.framing.codec, Panel.from_series([series]))
        return type(self)(self.model, framing, self.calibration, self.seed)

    def _direct(self, window: Window) -> tuple[Tensor, Tensor | None]:
        head, horizon = self.head, self.framing.horizon
        params, _ = self.model(window.inputs, None, window.ids, window.ahead)
        params = params[:, :horizon]

        def values(output: Tensor) -> Tensor:
            return window.stats.decode(self.framing.batch_to_channels(output))

        quantiles = None
        if self.has_distribution:
            quantiles = torch.stack([values(head.quantile(params, level)) for level in LEVELS])
        return values(head.mean(params)), quantiles

    def _closed_loop(self, window: Window, starts: Tensor) -> tuple[Tensor, Tensor | None]:
        mean = self._run(window, starts, copies=1)[0]
        if not self.has_distribution:
            return mean, None
        if self.framing.horizon == 1:
            params, _ = NetworkStream(self.model).prime(window.inputs)
            levels = [self.framing.batch_to_channels(self.head.quantile(params, level)) for level in LEVELS]
            return mean, torch.stack(levels)
        paths = self._run(window, starts, copies=PATHS)
        return mean, torch.quantile(paths, torch.tensor(LEVELS), 0)

    def _run(self, window: Window, starts: Tensor, copies: int) -> Tensor:
        """The mean path (`copies` 1) or `copies` sampled paths, `(copies, windows, horizon, features)`."""
        head = self.head

        def sample(params: Tensor, generator: torch.Generator) -> Tensor:
            return head.mean(params) if copies == 1 else head.sample(params, generator)

        def next_input(values: Tensor, step: int) -> Tensor:
            covariates = self.framing.covariates_ahead(starts, step).repeat(copies, 1, 1)
            return self.framing.network_inputs(self.framing.batch_to_channels(values), None, covariates)[:, 0]

        stream = GenerationStream(self.model, sample, next_input)
        path, _ = stream.push(self.framing.horizon, stream.start(window.inputs, self.seed, copies))
        return self.framing.batch_to_channels(path).view(
            copies, -1, self.framing.horizon, path.shape[-1] * self.framing.channels
        )


def calibrate(forecaster: Forecaster, starts: Sequence[Tensor]) -> Calibration:
    """Fits the calibration to dev windows, given as batches of starts.

    The correction of a level is the quantile at that level of the differences between targets and forecast quantiles,
    with the finite-sample correction of conformal prediction.
    """
    errors = []
    framing = forecaster.framing
    for batch in starts:
        mean, quantiles = forecaster.scaled(batch)
        target = framing.encoded(batch + framing.context, framing.horizon)
        errors.append(target - (mean.expand(len(LEVELS), *mean.shape) if quantiles is None else quantiles))
    above = torch.cat(errors, 1)
    count = above.shape[1]
    shifts = []
    for number, level in enumerate(LEVELS):
        # The finite-sample correction moves the level outwards, for a future value beyond all observed ones.
        fraction = level * (count + 1) / count if level > 0.5 else 1 - (1 - level) * (count + 1) / count
        shifts.append(torch.nanquantile(above[number], min(max(fraction, 0.0), 1.0), 0))
    return Calibration(torch.nan_to_num(torch.stack(shifts)))
