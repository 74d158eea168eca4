"""Targets that cannot be negative: counts, intermittent demand, rain."""

from collections.abc import Sequence

import torch

from echoic.errors import ConfigError
from echoic.forecasting.levels import LEVELS
from echoic.windows import Panel, Ranges

_MIN_ZEROS = LEVELS[0]
"""The fraction of zeros from which a 95 % interval of the values themselves reaches down to 0.

Real-valued series that only come near 0 have next to none, nor have temperatures in whole degrees, which may fall
below.
"""

_LISTED = 8


def nonnegative_targets(panel: Panel, train: Ranges) -> tuple[str, ...]:
    """The targets that are never below 0 in the train split, and are 0 at least as often as an interval leaves out."""
    lowest = torch.full((len(panel.features),), torch.inf, dtype=torch.float64)
    zeros, known = torch.zeros_like(lowest), torch.zeros_like(lowest)
    for begin, end in train.spans():
        values = panel.values[begin:end].double()
        missing = torch.isnan(values)
        if end > begin:
            lowest = torch.minimum(lowest, values.masked_fill(missing, torch.inf).amin(0))
        zeros += (values == 0).sum(0)
        known += (~missing).sum(0)
    constant = zeros == known  # says nothing of what may come
    found = (lowest == 0) & (zeros >= _MIN_ZEROS * known) & ~constant
    return tuple(name for name, one in zip(panel.features, found.tolist(), strict=True) if one)


def check_targets(names: Sequence[str], panel: Panel) -> None:
    """Checks that `names` are targets.

    Raises:
        ConfigError: one is not.
    """
    for name in names:
        if name not in panel.features:
            raise ConfigError(f"`nonnegative` must name targets, got {name!r}; there are {_listed(panel.features)}.")


def lower_bounds(names: Sequence[str], panel: Panel) -> torch.Tensor:
    """The lowest value of each feature in forecasts, `(features,)` in float64: 0 or minus infinity."""
    return torch.tensor([0.0 if name in names else -torch.inf for name in panel.features], dtype=torch.float64)


def bound_note(names: Sequence[str]) -> str:
    """What the bound does; empty without one."""
    if not names:
        return ""
    return f"Forecasts and intervals of {_listed(names)} are not below 0 (--nonnegative none lets them be)."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
