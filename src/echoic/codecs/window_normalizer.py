"""Normalization per window: instance normalization, and a baseline to which the network's output is added."""

from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor

_GROWTH_STEPS = 2
"""Number of changes over a season that `growth` averages, to reduce noise."""


class WindowStats(NamedTuple):
    """The inverse of a window's normalization: `value = output * scale + location`.

    `location` `(batch, horizon, features)`, `scale` `(batch, 1, features)`.
    """

    location: Tensor
    scale: Tensor

    def encode(self, target: Tensor) -> Tensor:
        """Normalized targets of the values after the window."""
        return (target - self.location) / self.scale

    def decode(self, output: Tensor) -> Tensor:
        """The network's output in the units of the window."""
        return output * self.scale + self.location


class NormalizedWindow(NamedTuple):
    """A normalized window, and the statistics to invert the normalization.

    `inputs` `(batch, lookback, features)`, 0 where missing; `lagged` `(batch, horizon, features * lags)`: the values
    one lag before each step of the horizon, all features of the first lag first.
    """

    inputs: Tensor
    stats: WindowStats
    lagged: Tensor


@final
@dataclass(frozen=True)
class WindowNormalizer:
    """Normalizes windows, and returns the statistics to invert the normalization.

    `baseline` is the forecast to which the output is added: none; last (the last value); seasonal (the mean of the
    values one season ago, over `seasons`); growth (seasonal plus the latest change over a season, averaged over two
    steps; on a logarithmic scale, last year's month times the latest growth). With any baseline the last value is
    subtracted from the inputs. `instance_norm` also normalizes by mean and standard deviation of the look-back. `lags`
    select past values as inputs for each step of the horizon.
    """

    baseline: str
    seasons: tuple[int, ...]
    lags: tuple[int, ...]
    lookback: int
    horizon: int
    instance_norm: bool

    @property
    def context(self) -> int:
        """Number of steps of a window, at least the look-back; more if baseline or lags reach further back."""
        longest_season = max(self.seasons, default=1)
        baseline = {"seasonal": longest_season, "growth": longest_season + _GROWTH_STEPS}.get(self.baseline, 1)
        return max(self.lookback, baseline, *self.lags)

    def __call__(self, window: Tensor) -> NormalizedWindow:
        """Normalizes `window` `(batch, context, features)`, NaN where missing."""
        lookback_values = window[:, -self.lookback :]
        observed = ~torch.isnan(lookback_values)
        filled = torch.nan_to_num(lookback_values)
        count = observed.sum(1, keepdim=True).clamp(min=1)
        mean = filled.sum(1, keepdim=True) / count
        last = _last_observed(filled, observed)
        scale = torch.ones_like(mean)
        if self.instance_norm:
            variance = ((filled - mean) * observed).square().sum(1, keepdim=True) / count
            # Rounding errors of a constant window must not be amplified into a signal.
            scale = torch.maximum(variance.sqrt(), 1e-3 * mean.abs() + 1e-3)
        offset = mean if self.instance_norm else last * (self.baseline != "none")
        lagged = [(self._lagged(window, lag, last) - offset) / scale for lag in self.lags]
        return NormalizedWindow(
            (filled - offset) / scale * observed,
            WindowStats(self._location(window, last, offset), scale),
            torch.cat(lagged, -1) if lagged else window.new_zeros(len(window), self.horizon, 0),
        )

    def _location(self, window: Tensor, last: Tensor, offset: Tensor) -> Tensor:
        if self.baseline == "none":
            # Without a baseline, the mean of the window if it was subtracted from the inputs.
            return offset.expand(-1, self.horizon, -1)
        if self.baseline == "last":
            return last.expand(-1, self.horizon, -1)
        baselines = [self._lagged(window, season, last) for season in self.seasons]
        if self.baseline == "growth":
            baselines = [
                baseline + _growth(window, season) for baseline, season in zip(baselines, self.seasons, strict=True)
            ]
        return torch.stack(baselines).mean(0)

    def _lagged(self, window: Tensor, lag: int, last: Tensor) -> Tensor:
        """For each step of the horizon, the latest known value that is a multiple of `lag` before it."""
        lagged_values = window[:, -lag:][:, torch.arange(self.horizon) % lag]
        # A missing value is replaced by the last known one.
        return torch.where(torch.isnan(lagged_values), last, lagged_values)


def _growth(window: Tensor, season: int) -> Tensor:
    """Mean change over a season of the last steps, `(batch, 1, features)`; 0 if one is missing."""
    change = window[:, -_GROWTH_STEPS:] - window[:, -season - _GROWTH_STEPS : -season]
    return torch.nan_to_num(change.mean(1, keepdim=True))


def _last_observed(filled: Tensor, observed: Tensor) -> Tensor:
    """The last value that is not missing, or 0, `(batch, 1, features)`."""
    steps = torch.arange(filled.shape[1])[None, :, None]
    last = torch.where(observed, steps, 0).amax(1, keepdim=True)
    return filled.gather(1, last)
