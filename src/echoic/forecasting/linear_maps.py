"""Linear maps from look-backs to horizons, fitted on train: the part of the baselines that a run has to keep."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from echoic.baselines.forecasts import LinearMap
from echoic.forecasting.framing import Framing
from echoic.types import stored
from echoic.windows import Ranges, SequentialSampler, Windows, evenly_spaced

_MOST_STEPS = 1 << 31

Array = NDArray[np.float64]

Maps = Mapping[str, Array]
"""Linear maps from a look-back to the horizon, by name."""

_MAX_LINEAR_WEIGHTS = 150_000

_MAX_FITTED_WINDOWS = 20_000

_MAX_LOG = 80.0
"""The exponential of more does not fit into float32."""

_BATCH = 1024


@final
@dataclass(frozen=True, eq=False)
class CombinationState:
    """What the combination learns on train: linear maps by name, none where they would be too large.

    `final_maps` forecast. Their weights come from maps that have not been fitted on what they are scored on:
    `early_maps`, from the first three quarters of train, for origins in train, and `train_maps` for those after it.
    """

    seasons: tuple[int, ...]
    early_maps: Maps
    train_maps: Maps
    final_maps: Maps

    @classmethod
    def fit(cls, framing: Framing, train: Ranges, final: Ranges) -> Self:
        """Fits the maps on `train` and on `final`, ranges of the panel of `framing`."""
        seasons = framing.settings.scaling.baseline_seasons or ()
        early = Ranges(train.begin, train.begin + train.lengths * 3 // 4)
        horizon = Windows(early, framing.lookback + framing.horizon, framing.horizon)
        if (framing.lookback + 1) * framing.horizon > _MAX_LINEAR_WEIGHTS or not len(horizon):
            return cls(seasons, {}, {}, {})
        kinds = {"linear": False} | ({"linear, log": True} if framing.codec.values.log else {})
        early_maps, train_maps, final_maps = (
            {name: _fit_map(framing, ranges, log=log) for name, log in kinds.items()}
            for ranges in (early, train, final)
        )
        return cls(seasons, early_maps, train_maps, final_maps)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        groups = {"early_maps": self.early_maps, "train_maps": self.train_maps, "final_maps": self.final_maps}
        plain = {group: {name: one.tolist() for name, one in maps.items()} for group, maps in groups.items()}
        return {"seasons": list(self.seasons)} | plain

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The state that `to_json` wrote.

        Raises:
            ValueError: a field is missing, or is no table of numbers.
        """
        seasons = stored.array(data, "seasons", None)
        if not bool(((seasons >= 1) & (seasons == np.floor(seasons)) & (seasons < _MOST_STEPS)).all()):
            raise ValueError("`seasons` must be numbers of steps")
        groups = [stored.field(data, name) for name in ("early_maps", "train_maps", "final_maps")]
        if not all(isinstance(maps, dict) for maps in groups):
            raise ValueError("`early_maps`, `train_maps` and `final_maps` must be objects")
        maps = ({name: stored.array(one, name, None, None) for name in one} for one in groups)
        return cls(tuple(int(season) for season in seasons), *maps)


class Units(NamedTuple):
    """Values in units of each series: divided by `scale`, or the codec's logarithms if `center` is given."""

    center: Array | None
    scale: Array
    floor: Array

    @classmethod
    def of(cls, framing: Framing, rows: Tensor, *, log: bool) -> Self:
        """The units of the scaler's `rows`, each table `(rows, 1, features)`."""
        scaler = framing.codec.values
        center, scale, floor = (numpy64(one[rows])[:, None] for one in (scaler.center, scaler.scale, scaler.floor))
        if log:
            return cls(center, scale, floor)
        # A deviation of logarithms is about one relative to the value.
        return cls(None, np.exp(center) * scale if scaler.log else scale, floor)

    def encode(self, values: Array) -> Array:
        """Values of the series in these units."""
        if self.center is None:
            return np.asarray(values / self.scale)
        return np.asarray((np.log(np.maximum(values, self.floor)) - self.center) / self.scale)

    def decode(self, values: Array) -> Array:
        """The inverse of `encode`."""
        if self.center is None:
            return np.asarray(values * self.scale)
        return np.exp(np.minimum(values * self.scale + self.center, _MAX_LOG))


def _fit_map(framing: Framing, ranges: Ranges, *, log: bool) -> Array:
    """A linear map from look-backs to horizons, in units of each series."""
    lookback, horizon = framing.lookback, framing.horizon
    windows = Windows(ranges, lookback + horizon, horizon)

    def pairs() -> Iterator[tuple[Array, Array]]:
        for index in SequentialSampler(windows, _BATCH, evenly_spaced(len(windows), _MAX_FITTED_WINDOWS)).epoch():
            values = numpy64(framing.panel.window(index.starts, index.steps))
            values = Units.of(framing, framing.scaler_rows(index.starts + lookback), log=log).encode(values)
            yield values[:, :lookback], values[:, lookback:]

    return LinearMap.fit(pairs, lookback, horizon).weights


def numpy64(values: Tensor) -> Array:
    """The values in float64."""
    return values.double().numpy()
