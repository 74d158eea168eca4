"""Normalization per window: its own scale, and a baseline forecast that the network's output is added to."""

from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor

BASELINES = ("none", "last", "seasonal", "growth")

_GROWTH_STEPS = 2
"""Changes over a season that `growth` averages: a single one would carry all of the last value's noise."""


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
        """The network's output in data units."""
        return output * self.scale + self.location


class NormalizedWindow(NamedTuple):
    """A window in the network's units, and the way back.

    `inputs` `(batch, lookback, features)`, 0 where missing; `lagged` `(batch, horizon, features * lags)`: the values
    a lag before each step ahead, all features of the first lag first.
    """

    inputs: Tensor
    stats: WindowStats
    lagged: Tensor


@final
@dataclass(frozen=True)
class WindowNormalizer:
    """Takes windows to the network's units, and knows the way back.

    `baseline` is the forecast that the output is added to: none; last (the last value); seasonal (the mean of the
    values one season ago, over `seasons`); growth (those, plus what has changed over a season, as the mean of the
    last two steps: with a logarithmic scale, last year's month times the latest growth). With any base the last
    value is subtracted from the inputs. `instance_norm`: the window's own mean and deviation, over its look-back, are
    taken out as well. `lags` select past values that are inputs for each forecast step.
    """

    baseline: str
    seasons: tuple[int, ...]
    lags: tuple[int, ...]
    lookback: int
    horizon: int
    instance_norm: bool

    @property
    def context(self) -> int:
        """Steps that a window needs: the look-back, or more if base or lags reach further."""
        longest_season = max(self.seasons, default=1)
        baseline = {"seasonal": longest_season, "growth": longest_season + _GROWTH_STEPS}.get(self.baseline, 1)
        return max(self.lookback, baseline, *self.lags)

    def __call__(self, window: Tensor) -> NormalizedWindow:
        """Frames `window` `(batch, context, features)`, NaN where missing."""
        lookback_values = window[:, -self.lookback :]
        observed = ~torch.isnan(lookback_values)
        filled = torch.nan_to_num(lookback_values)
        count = observed.sum(1, keepdim=True).clamp(min=1)
        mean = filled.sum(1, keepdim=True) / count
        last = _last_observed(filled, observed)
        scale = torch.ones_like(mean)
        if self.instance_norm:
            variance = ((filled - mean) * observed).square().sum(1, keepdim=True) / count
            # A window that stands still must not turn its rounding into a signal.
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
            # The window's mean, if it was taken out of the inputs: the network cannot know it.
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
        """For each step of the horizon the newest known value a whole number of lags before it."""
        lagged_values = window[:, -lag:][:, torch.arange(self.horizon) % lag]
        # Where that value is missing, the last one known stands in.
        return torch.where(torch.isnan(lagged_values), last, lagged_values)


def _growth(window: Tensor, season: int) -> Tensor:
    """`(batch, 1, features)`: the mean change over a season of the last steps; 0 where one of them is missing."""
    change = window[:, -_GROWTH_STEPS:] - window[:, -season - _GROWTH_STEPS : -season]
    return torch.nan_to_num(change.mean(1, keepdim=True))


def _last_observed(filled: Tensor, observed: Tensor) -> Tensor:
    """`(batch, 1, features)`: the last value that is not missing, or 0."""
    steps = torch.arange(filled.shape[1])[None, :, None]
    last = torch.where(observed, steps, 0).amax(1, keepdim=True)
    return filled.gather(1, last)
