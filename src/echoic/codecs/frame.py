"""Scaling that each window brings along: a deviation, and a naive forecast that the network's output is added to."""

from collections.abc import Sequence
from typing import NamedTuple, final

import torch
from torch import Tensor

BASES = ("none", "last", "seasonal", "growth")


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


@final
class WindowFrame:
    """Takes windows to the network's units, and knows the way back.

    `base` is the naive forecast that the output is added to: none; last (the last value; it is also subtracted from
    the inputs); seasonal (the mean of the values one season ago, over `seasons`); growth (those, plus what has
    changed since the last step a season ago: same month last year, times last growth, if the scale is a logarithm).
    `own_scale`: divide by the window's own deviation, and subtract its mean from the inputs.
    """

    def __init__(self, base: str, seasons: Sequence[int], horizon: int, *, own_scale: bool) -> None:
        self.base = base
        self.seasons = tuple(seasons)
        self.horizon = horizon
        self.own_scale = own_scale

    @property
    def shortest_lookback(self) -> int:
        """Steps that a window needs for its base."""
        if self.base == "growth":
            return max(self.seasons) + 1
        return max(self.seasons) if self.base == "seasonal" else 1

    def __call__(self, window: Tensor) -> tuple[Tensor, Frame]:
        """Inputs `(batch, steps, features)` for `window` of that shape (NaN where missing, 0 after), and the frame."""
        observed = ~torch.isnan(window)
        filled = torch.nan_to_num(window)
        count = observed.sum(1, keepdim=True).clamp(min=1)
        mean = filled.sum(1, keepdim=True) / count
        scale = torch.ones_like(mean)
        if self.own_scale:
            variance = ((filled - mean) * observed).square().sum(1, keepdim=True) / count
            # A window that stands still must not turn its rounding into a signal.
            scale = torch.maximum(variance.sqrt(), 1e-3 * mean.abs() + 1e-4)
        location = self._location(window, filled, observed)
        center = _last_observed(filled, observed) if self.base == "last" else mean * self.own_scale
        return (filled - center) / scale * observed, Frame(location, scale)

    def _location(self, window: Tensor, filled: Tensor, observed: Tensor) -> Tensor:
        rows, _, features = window.shape
        if self.base == "none":
            return window.new_zeros(rows, self.horizon, features)
        last = _last_observed(filled, observed)
        if self.base == "last":
            return last.expand(-1, self.horizon, -1)
        bases = [self._seasonal(window, season, last) for season in self.seasons]
        return torch.stack(bases).mean(0)

    def _seasonal(self, window: Tensor, season: int, last: Tensor) -> Tensor:
        steps = torch.arange(self.horizon)
        cycle = window[:, -season:]
        ago = cycle[:, steps % season]
        if self.base == "growth":
            change = window[:, -1:] - window[:, -season - 1 : -season]
            ago = ago + change
        # Where the value a season ago is missing, the last one known stands in.
        return torch.where(torch.isnan(ago), last, ago)


def _last_observed(filled: Tensor, observed: Tensor) -> Tensor:
    """`(batch, 1, features)`: the last value that is not missing, or 0."""
    steps = torch.arange(filled.shape[1])[None, :, None]
    last = torch.where(observed, steps, 0).amax(1, keepdim=True)
    return filled.gather(1, last)
