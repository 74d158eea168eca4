"""The combined baselines of very many series, for which a part of the series is in memory at a time."""

from collections.abc import Callable
from typing import final

import numpy as np
import torch
from torch import Tensor

from echoic.forecasting.combination import Combination, Combined
from echoic.forecasting.framing import Framing
from echoic.forecasting.linear_maps import Array, CombinationState
from echoic.forecasting.parts import Parts, gathered
from echoic.forecasting.target_errors import MAX_ORIGINS, PanelSize


@final
class Baselines:
    """As `Combination`, over a panel of any number of series; arguments and results are the same.

    Args:
        state: fitted on train.
        framing: the panel, its scale, look-back and horizon.
        fit_ends: the row of each series where its train split ends.
        size: that of the panel which `framing` has some series of.
    """

    def __init__(self, state: CombinationState, framing: Framing, fit_ends: Tensor, size: PanelSize) -> None:
        self._panel = framing.panel
        self._fit_ends = fit_ends
        self._size = size
        begins = framing.panel.offsets[:-1]

        def build(series: Tensor) -> Combination:
            own = framing if len(series) == len(begins) else framing.select(series)
            return Combination(state, own, fit_ends[series] - begins[series[0]], size)

        self.parts = Parts(framing.panel, framing.horizon, build)

    def forecast(self, origins: Tensor) -> Combined:
        """Forecasts of the steps from each of the rows `origins` on; each must have a step of its series before it."""
        return self._combined(origins, lambda part, rows: part.forecast(rows))

    def held_out(self, origins: Tensor) -> Combined:
        """As `forecast`, by linear maps that have not been fitted on what follows the origins."""
        return self._combined(origins, lambda part, rows: part.held_out(rows))

    def smoothed(self, origins: Tensor) -> Array:
        """Exponential smoothing, `(origins, horizon, features)`."""
        return self._at(origins, lambda part, rows: part.candidates.smoothed(rows))

    def majority_value(self, origins: Tensor) -> Array:
        """The value of more than half of the recent steps, `(origins, features)`; NaN where there is none."""
        return self._at(origins, lambda part, rows: part.candidates.majority_value(rows))

    def past_errors(self) -> Array:
        """Errors of past forecasts of the train split over the mean recent error, `(origins, horizon, features)`."""
        stride = max(1, self._size.origins_per_series * len(self._panel.names) // MAX_ORIGINS)
        errors = []
        for part, begin in self.parts.every():
            first = int(self._panel.series_index(torch.tensor(begin)))
            ends = self._fit_ends[first : first + len(part.panel.names)] - begin
            errors.append(part.past_errors(ends, stride))
        return np.concatenate(errors)

    def mean_weights(self, origins: Tensor) -> dict[str, float]:
        """The mean weight of each baseline over `origins`."""
        totals: dict[str, float] = {}
        for part, begin, selected in self.parts.each(origins):
            for name, weight in part.mean_weights(origins[selected] - begin).items():
                totals[name] = totals.get(name, 0.0) + weight * len(selected)
        return {name: total / len(origins) for name, total in totals.items()}

    def _combined(self, origins: Tensor, of: Callable[[Combination, Tensor], Combined]) -> Combined:
        parts = [(selected, of(part, origins[selected] - begin)) for part, begin, selected in self.parts.each(origins)]
        mean = gathered([(selected, one.mean) for selected, one in parts], len(origins))
        return Combined(mean, gathered([(selected, one.error) for selected, one in parts], len(origins)))

    def _at(self, origins: Tensor, of: Callable[[Combination, Tensor], Array]) -> Array:
        parts = [(selected, of(part, origins[selected] - begin)) for part, begin, selected in self.parts.each(origins)]
        return gathered(parts, len(origins))
