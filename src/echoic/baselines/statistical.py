"""ETS and Theta by statsforecast, an optional package, one series at a time."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from echoic.extras import LazyModule

Array = NDArray[np.float64]

_models = LazyModule("statsforecast.models")

MAX_SEASON = 24
"""ETS cannot estimate longer seasons; they count as none."""


@final
class Ets:
    """Exponential smoothing whose form is chosen by AIC (Hyndman 2002), fitted once and applied to longer histories.

    Raises:
        MissingExtraError: statsforecast is not installed.
    """

    def __init__(self, train: Array, season: int) -> None:
        self._model = _models.AutoETS(season_length=season if season <= MAX_SEASON else 1).fit(bridged(train))

    def forecast(self, history: Array, horizon: int) -> Array:
        """The `horizon` steps after `history` `(steps,)`, NaN where missing."""
        return np.asarray(self._model.forward(y=bridged(history), h=horizon)["mean"], np.float64)


def theta(history: Array, horizon: int, season: int) -> Array:
    """The Theta method (Assimakopoulos and Nikolopoulos 2000) on `history` `(steps,)`, NaN where missing.

    Raises:
        MissingExtraError: statsforecast is not installed.
    """
    values = bridged(history)
    model = _models.Theta(season_length=season if len(values) >= 2 * season else 1)
    return np.asarray(model.forecast(y=values, h=horizon)["mean"], np.float64)


def bridged(values: Array) -> Array:
    """`values` `(steps,)` with straight lines over gaps; zeros where nothing is known."""
    known = np.flatnonzero(~np.isnan(values))
    return np.interp(np.arange(len(values)), known, values[known]) if len(known) else np.zeros(len(values))
