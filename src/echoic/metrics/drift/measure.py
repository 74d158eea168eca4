"""How far streams of generated sound are from real sound, second after second."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.drift.detectors import DEAD_S, Death
from echoic.metrics.drift.distances import against_real, frechet, log_spectral
from echoic.metrics.drift.features import WINDOW_S, Features
from echoic.metrics.drift.survival import survival

Numbers = NDArray[np.float64]

BIN_WINDOWS = 160
"""Windows of all streams together in each point of a curve, while all last: fewer say little about 40 features."""

LEAST_WINDOWS = 8
"""Of fewer windows nothing is said."""

LEAST_STREAM_WINDOWS = round(DEAD_S / WINDOW_S)
"""A shorter stream cannot be told to be dead, nor alive."""

LEAST_STREAMS = 8
"""Of fewer streams no slope is told: how it differs between them would be a guess."""

_LEAST_SPREAD = 0.1
"""Of features, in nats: where real sound has nothing at all, as above the band of a telephone, a little is not far."""

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
        """The figures by name; a slope needs three points in time, and eight streams."""
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


class _Point(NamedTuple):
    """A stretch of time: its middle, and the windows in it of each stream that reaches its end, by its number."""

    time_s: float
    parts: dict[int, Features]


def measure(streams: Sequence[Stream], real: Features) -> Drift:
    """The drift of `streams`, which need not be equally long, against windows of `real` sound that was not trained on.

    Raises:
        ValueError: there are fewer than 8 real windows, or 8 generated ones in streams of 3 s and more.
    """
    if min(len(real), sum(len(one.seen) for one in streams if len(one.seen) >= LEAST_STREAM_WINDOWS)) < LEAST_WINDOWS:
        raise ValueError(
            f"Drift needs {LEAST_WINDOWS} s of real sound, and as many of generated sound in streams of {DEAD_S:g} s."
        )
    made = Features.joined([stream.seen for stream in streams])
    centre, spread = real.mel.mean(0), np.maximum(real.mel.std(0), _LEAST_SPREAD)
    real_mel = (real.mel - centre) / spread
    stretches = _stretches(streams)
    points = [Features.joined(list(stretch.parts.values())) for stretch in stretches]
    mels = [(point.mel - centre) / spread for point in points]
    return Drift(
        time_s=np.array([stretch.time_s for stretch in stretches]),
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
        slope=_slope(stretches, lambda seen: (seen.mel - centre) / spread, real_mel),
        deaths=tuple(stream.death for stream in streams),
    )


def _stretches(streams: Sequence[Stream]) -> list[_Point]:
    """One after the other, none longer than half of the streams; those that too few streams reach are left out."""
    lengths = sorted((len(stream.seen) for stream in streams), reverse=True)
    longest, common = lengths[0], lengths[(len(lengths) - 1) // 2]
    width = max(1, min(common, -(-BIN_WINDOWS // len(streams))))
    found = []
    for begin in range(0, longest - width + 1, width):
        rows = np.arange(begin, begin + width)
        parts = {
            number: stream.seen.chosen(rows)
            for number, stream in enumerate(streams)
            if len(stream.seen) >= begin + width
        }
        if len(parts) * width >= LEAST_WINDOWS:
            found.append(_Point((begin + width / 2) * WINDOW_S, parts))
    return found


def _slope(stretches: Sequence[_Point], scaled: Callable[[Features], Numbers], real: Numbers) -> Slope | None:
    """By least squares, of those streams that last as long as half of them do; resamples draw them with replacement.

    Distances of few windows come out too large, so each point has as many as every other.
    """
    lasting = [len(stretch.parts) for stretch in stretches]
    stretches = [stretch for stretch, count in zip(stretches, lasting, strict=True) if 2 * count >= lasting[0]]
    if len(stretches) < 3 or len(stretches[-1].parts) < LEAST_STREAMS:
        return None
    log_time = np.log([stretch.time_s for stretch in stretches])
    streams = np.array(list(stretches[-1].parts))
    mels = [{number: scaled(stretch.parts[number]) for number in streams} for stretch in stretches]
    draws = np.random.default_rng(0)

    def slope_of(chosen: NDArray[np.intp]) -> float:
        distances = [frechet(np.concatenate([parts[number] for number in chosen]), real) for parts in mels]
        return float(np.polyfit(log_time, np.log(np.maximum(distances, 1e-9)), 1)[0])

    found = [slope_of(draws.choice(streams, len(streams))) for _ in range(_RESAMPLES)]
    low, high = np.percentile(found, [_LOW, _HIGH]).tolist()
    return Slope(slope_of(streams), low, high)
