"""How far streams of generated sound are from real sound, second after second."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.drift.detectors import Death
from echoic.metrics.drift.distances import against_real, frechet, log_spectral
from echoic.metrics.drift.features import WINDOW_S, Features
from echoic.metrics.drift.survival import survival

Numbers = NDArray[np.float64]

BIN_WINDOWS = 160
"""Windows of all streams together in each point of a curve, at least: fewer say little about 40 features."""

_RESAMPLES = 200
_LOW, _HIGH = 2.5, 97.5


class Stream(NamedTuple):
    """What is known of one stream: its windows, and how it died, if it did."""

    seen: Features
    death: Death | None


class Slope(NamedTuple):
    """The slope of the logarithm of a distance over that of time, and its bootstrap interval (95 %, over streams)."""

    value: float
    low: float
    high: float


@final
@dataclass(frozen=True, eq=False)
class Drift:
    """Curves over `time_s` `(points,)`, the middle of each stretch of generated time.

    `frechet` and `spectral` are in units of the real-against-real floor; `level_db`, `centroid_hz` and `flatness` are
    medians. `alive` `(seconds + 1,)` is the share of streams alive at the end of each second. `real` has the 5th and
    95th percentiles of real windows. `overall` are the distances over all time. `slope` is of the Frechet distance.
    """

    time_s: Numbers
    frechet: Numbers
    spectral: Numbers
    level_db: Numbers
    centroid_hz: Numbers
    flatness: Numbers
    alive: Numbers
    real: dict[str, tuple[float, float]]
    overall: dict[str, float]
    slope: Slope | None
    deaths: tuple[Death | None, ...]

    @property
    def scores(self) -> dict[str, float]:
        """The figures by name; slopes need three points in time."""
        slopes = {} if self.slope is None else dict(zip(("slope", "slope_low", "slope_high"), self.slope, strict=True))
        return {**self.overall, "alive": float(self.alive[-1]), **slopes}

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        curves = ("time_s", "frechet", "spectral", "level_db", "centroid_hz", "flatness", "alive")
        deaths = [None if death is None else death._asdict() for death in self.deaths]
        return {
            "scores": self.scores,
            "curves": {name: getattr(self, name).tolist() for name in curves},
            "real": {name: list(range_) for name, range_ in self.real.items()},
            "deaths": deaths,
        }


def measure(streams: Sequence[Stream], real: Features) -> Drift:
    """The drift of `streams` against windows of `real` sound that was not trained on.

    Raises:
        ValueError: there are fewer than 8 real windows or none generated.
    """
    if len(real) < 8 or not any(len(stream.seen) for stream in streams):
        raise ValueError("Drift needs 8 s of real sound and 1 s of generated sound at least.")
    centre, spread = real.mel.mean(0), real.mel.std(0) + 1e-9
    real_mel = (real.mel - centre) / spread
    made = Features.joined([stream.seen for stream in streams])
    points = [Features.joined(parts) for parts in _points(streams)]
    mels = [(point.mel - centre) / spread for point in points]
    return Drift(
        time_s=_times(streams),
        frechet=np.array([against_real(frechet, mel, real_mel).ratio for mel in mels]),
        spectral=np.array([against_real(log_spectral, point.spectrum_db, real.spectrum_db).ratio for point in points]),
        level_db=np.array([np.median(point.level_db) for point in points]),
        centroid_hz=np.array([np.median(point.centroid_hz) for point in points]),
        flatness=np.array([np.median(point.flatness) for point in points]),
        alive=survival([stream.death for stream in streams], [len(stream.seen) for stream in streams]),
        real={
            name: tuple(np.percentile(getattr(real, name), [5, 95]).tolist())
            for name in ("level_db", "centroid_hz", "flatness")
        },
        overall={
            "frechet_ratio": against_real(frechet, (made.mel - centre) / spread, real_mel).ratio,
            "spectral_ratio": against_real(log_spectral, made.spectrum_db, real.spectrum_db).ratio,
        },
        slope=_slope(streams, centre, spread, real_mel),
        deaths=tuple(stream.death for stream in streams),
    )


def _width(streams: Sequence[Stream]) -> int:
    """Windows of one stream in each point of a curve."""
    longest = max(len(stream.seen) for stream in streams)
    return min(longest, max(1, -(-BIN_WINDOWS // len(streams))))


def _points(streams: Sequence[Stream]) -> list[list[Features]]:
    """For each stretch of time, the windows of every stream that reaches it; a last short stretch is left out."""
    width, longest = _width(streams), max(len(stream.seen) for stream in streams)
    return [
        [stream.seen.chosen(np.arange(at, at + width)) for stream in streams if len(stream.seen) >= at + width]
        for at in range(0, longest - width + 1, width)
    ]


def _times(streams: Sequence[Stream]) -> Numbers:
    width = _width(streams)
    return np.asarray((np.arange(len(_points(streams))) + 0.5) * width * WINDOW_S, np.float64)


def _slope(streams: Sequence[Stream], centre: Numbers, spread: Numbers, real: Numbers) -> Slope | None:
    """By least squares; every resample draws streams with replacement."""
    log_time = np.log(_times(streams))
    if len(log_time) < 3:
        return None
    mels = [[(part.mel - centre) / spread for part in parts] for parts in _points(streams)]
    draws = np.random.default_rng(0)

    def slope_of(chosen: NDArray[np.intp]) -> float:
        distances = [frechet(np.concatenate([parts[at % len(parts)] for at in chosen]), real) for parts in mels]
        return float(np.polyfit(log_time, np.log(np.maximum(distances, 1e-9)), 1)[0])

    every = np.arange(len(streams))
    found = [slope_of(draws.choice(every, len(every))) for _ in range(_RESAMPLES)]
    low, high = np.percentile(found, [_LOW, _HIGH]).tolist()
    return Slope(slope_of(every), low, high)
