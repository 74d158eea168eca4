"""Scaling that each window brings along: a deviation, and a naive forecast that the network's output is added to."""

from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from torch import Tensor

BASES = ("none", "last", "seasonal", "growth")

_GROWTH_STEPS = 2
"""Changes over a season that `growth` averages: a single one would carry all of the last value's noise."""


class Frame(NamedTuple):
    """How to undo what was done to a window: `value = output * scale + location`.

    `location` `(batch, horizon, features)`, `scale` `(batch, 1, features)`.
    """

    location: Tensor
    scale: Tensor

    def encode(self, target: Tensor) -> Tensor:
        """Values after the window as the network should say them."""
        return (target - self.location) / self.scale

    def decode(self, output: Tensor) -> Tensor:
        """What the network said, as values."""
        return output * self.scale + self.location


class Framed(NamedTuple):
    """A window in the network's units, and the way back.

    `inputs` `(batch, lookback, features)`, 0 where missing; `lagged` `(batch, horizon, features * lags)`: the values
    a lag before each step ahead, all features of the first lag first.
    """

    inputs: Tensor
    frame: Frame
    lagged: Tensor


@final
@dataclass(frozen=True)
class WindowFrame:
    """Takes windows to the network's units, and knows the way back.

    `base` is the naive forecast that the output is added to: none; last (the last value); seasonal (the mean of the
    values one season ago, over `seasons`); growth (those, plus what has changed over a season, as the mean of the
    last two steps: with a logarithmic scale, last year's month times the latest growth). With any base the last
    value is subtracted from the inputs. `own_scale`: the window's own mean and deviation, over its look-back, are
    taken out as well. `lags` are further values ago that the network is told for each step ahead.
    """

    base: str
    seasons: tuple[int, ...]
    lags: tuple[int, ...]
    lookback: int
    horizon: int
    own_scale: bool

    @property
    def context(self) -> int:
        """Steps that a window needs: the look-back, or more if base or lags reach further."""
        reach = max(self.seasons, default=1)
        base = {"seasonal": reach, "growth": reach + _GROWTH_STEPS}.get(self.base, 1)
        return max(self.lookback, base, *self.lags)

    def __call__(self, window: Tensor) -> Framed:
        """Frames `window` `(batch, context, features)`, NaN where missing."""
        seen = window[:, -self.lookback :]
        observed = ~torch.isnan(seen)
        filled = torch.nan_to_num(seen)
        count = observed.sum(1, keepdim=True).clamp(min=1)
        mean = filled.sum(1, keepdim=True) / count
        last = _last_observed(filled, observed)
        scale = torch.ones_like(mean)
        if self.own_scale:
            variance = ((filled - mean) * observed).square().sum(1, keepdim=True) / count
            # A window that stands still must not turn its rounding into a signal.
            scale = torch.maximum(variance.sqrt(), 1e-3 * mean.abs() + 1e-3)
        center = mean if self.own_scale else last * (self.base != "none")
        lagged = [(self._ago(window, lag, last) - center) / scale for lag in self.lags]
        return Framed(
            (filled - center) / scale * observed,
            Frame(self._location(window, last, center), scale),
            torch.cat(lagged, -1) if lagged else window.new_zeros(len(window), self.horizon, 0),
        )

    def _location(self, window: Tensor, last: Tensor, center: Tensor) -> Tensor:
        if self.base == "none":
            # The window's mean, if it was taken out of the inputs: the network cannot know it.
            return center.expand(-1, self.horizon, -1)
        if self.base == "last":
            return last.expand(-1, self.horizon, -1)
        bases = [self._ago(window, season, last) for season in self.seasons]
        if self.base == "growth":
            bases = [base + _growth(window, season) for base, season in zip(bases, self.seasons, strict=True)]
        return torch.stack(bases).mean(0)

    def _ago(self, window: Tensor, lag: int, last: Tensor) -> Tensor:
        """For each step of the horizon the newest known value a whole number of lags before it."""
        ago = window[:, -lag:][:, torch.arange(self.horizon) % lag]
        # Where that value is missing, the last one known stands in.
        return torch.where(torch.isnan(ago), last, ago)


def _growth(window: Tensor, season: int) -> Tensor:
    """`(batch, 1, features)`: the mean change over a season of the last steps; 0 where one of them is missing."""
    change = window[:, -_GROWTH_STEPS:] - window[:, -season - _GROWTH_STEPS : -season]
    return torch.nan_to_num(change.mean(1, keepdim=True))


def _last_observed(filled: Tensor, observed: Tensor) -> Tensor:
    """`(batch, 1, features)`: the last value that is not missing, or 0."""
    steps = torch.arange(filled.shape[1])[None, :, None]
    last = torch.where(observed, steps, 0).amax(1, keepdim=True)
    return filled.gather(1, last)
