"""Distance of generated streams from real sound over time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from echoic.drift.detectors import COLLAPSE_S, Collapse
from echoic.drift.distances import compare_to_real, frechet, log_spectral
from echoic.drift.features import WINDOW_S, Features
from echoic.drift.survival import survival

Numbers = NDArray[np.float64]

BIN_WINDOWS = 160
"""Number of windows per point of a curve, over all streams; fewer would estimate 40 features poorly."""

MIN_WINDOWS = 8
"""Minimum number of windows per estimate."""

MIN_STREAM_WINDOWS = round(COLLAPSE_S / WINDOW_S)
"""Minimum length of a stream; collapse cannot be detected in shorter ones."""

MIN_STREAMS = 8
"""Minimum number of streams to bootstrap the slope."""

_MIN_SPREAD = 0.1
"""Minimum standard deviation of mel features in nats, for bands that are empty in real sound (telephone speech)."""

_RESAMPLES = 200
_LOW, _HIGH = 2.5, 97.5


class StreamWindows(NamedTuple):
    """Window features of one stream, and its collapse, if any."""

    features: Features
    collapse: Collapse | None


class Slope(NamedTuple):
    """Slope of log distance over log time, with its 95 % bootstrap interval over streams."""

    value: float
    low: float
    high: float


@final
@dataclass(frozen=True, eq=False)
class Drift:
    """Measures of drift over `time_s` `(points,)`, the centres of intervals of generated time.

    `frechet` and `spectral` are distances relative to that of real from real sound; `level_db`, `centroid_hz` and
    `flatness` are medians. `survival` `(seconds + 1,)` is the fraction of streams without collapse after each second.
    `real` holds the 5th and 95th percentiles of real windows, `overall` the distances over all time, `slope` that of
    the Fréchet distance.
    """

    time_s: Numbers
    frechet: Numbers
    spectral: Numbers
    level_db: Numbers
    centroid_hz: Numbers
    flatness: Numbers
    survival: Numbers
    real: dict[str, tuple[float, float]]
    overall: dict[str, float]
    slope: Slope | None
    collapses: tuple[Collapse | None, ...]

    @property
    def scores(self) -> dict[str, float]:
        """Scores by name; the slope requires three points in time and eight streams."""
        slopes = {} if self.slope is None else dict(zip(("slope", "slope_low", "slope_high"), self.slope, strict=True))
        return {**self.overall, "survival": float(self.survival[-1]), **slopes}

    def to_json(self) -> dict[str, Any]:
        """All fields as plain JSON values."""
        curves = ("time_s", "frechet", "spectral", "level_db", "centroid_hz", "flatness", "survival")
        collapses = [None if collapse is None else collapse._asdict() for collapse in self.collapses]
        return {
            "scores": self.scores,
            "curves": {name: getattr(self, name).tolist() for name in curves},
            "real": {name: list(range_) for name, range_ in self.real.items()},
            "collapses": collapses,
        }


class _Interval(NamedTuple):
    """An interval of time: its centre, and the windows in it of each stream that reaches its end, by stream."""

    time_s: float
    features: dict[int, Features]


def measure_windows(streams: Sequence[StreamWindows], real: Features) -> Drift:
    """Measures the drift of `streams`, of any lengths, from windows of `real` sound not used in training.

    Raises:
        ValueError: there are fewer than 8 real windows, or fewer than 8 generated ones in streams of at least 3 s.
    """
    if (
        min(len(real), sum(len(one.features) for one in streams if len(one.features) >= MIN_STREAM_WINDOWS))
        < MIN_WINDOWS
    ):
        raise ValueError(
            f"Drift requires {MIN_WINDOWS} s of real sound and {MIN_WINDOWS} s of generated sound in streams of at "
            f"least {COLLAPSE_S:g} s."
        )
    generated = Features.concatenate([stream.features for stream in streams])
    centre, spread = real.mel.mean(0), np.maximum(real.mel.std(0), _MIN_SPREAD)
    real_mel = (real.mel - centre) / spread
    intervals = _intervals(streams)
    points = [Features.concatenate(list(interval.features.values())) for interval in intervals]
    mels = [(point.mel - centre) / spread for point in points]
    return Drift(
        time_s=np.array([interval.time_s for interval in intervals]),
        frechet=np.array([compare_to_real(frechet, mel, real_mel).ratio for mel in mels]),
        spectral=np.array(
            [compare_to_real(log_spectral, point.spectrum_db, real.spectrum_db).ratio for point in points]
        ),
        level_db=np.array([np.median(point.level_db) for point in points]),
        centroid_hz=np.array([np.median(point.centroid_hz) for point in points]),
        flatness=np.array([np.median(point.flatness) for point in points]),
        survival=survival([stream.collapse for stream in streams], [len(stream.features) for stream in streams]),
        real={
            name: tuple(np.percentile(getattr(real, name), [5, 95]).tolist())
            for name in ("level_db", "centroid_hz", "flatness")
        },
        overall={
            "frechet_ratio": compare_to_real(frechet, (generated.mel - centre) / spread, real_mel).ratio,
            "spectral_ratio": compare_to_real(log_spectral, generated.spectrum_db, real.spectrum_db).ratio,
        },
        slope=_slope(intervals, lambda features: (features.mel - centre) / spread, real_mel),
        collapses=tuple(stream.collapse for stream in streams),
    )


def _intervals(streams: Sequence[StreamWindows]) -> list[_Interval]:
    """Consecutive intervals, at most as long as the median stream; those with too few windows are dropped."""
    lengths = sorted((len(stream.features) for stream in streams), reverse=True)
    longest, common = lengths[0], lengths[(len(lengths) - 1) // 2]
    width = max(1, min(common, -(-BIN_WINDOWS // len(streams))))
    points = []
    for begin in range(0, longest - width + 1, width):
        rows = np.arange(begin, begin + width)
        windows = {
            number: stream.features.select(rows)
            for number, stream in enumerate(streams)
            if len(stream.features) >= begin + width
        }
        if len(windows) * width >= MIN_WINDOWS:
            points.append(_Interval((begin + width / 2) * WINDOW_S, windows))
    return points


def _slope(intervals: Sequence[_Interval], scaled: Callable[[Features], Numbers], real: Numbers) -> Slope | None:
    """Least-squares slope over the intervals that at least half of the streams reach, bootstrapped over streams.

    Distances of few windows are biased upwards, so every point uses the same streams.
    """
    num_streams = [len(interval.features) for interval in intervals]
    intervals = [
        interval for interval, count in zip(intervals, num_streams, strict=True) if 2 * count >= num_streams[0]
    ]
    if len(intervals) < 3 or len(intervals[-1].features) < MIN_STREAMS:
        return None
    log_time = np.log([interval.time_s for interval in intervals])
    streams = np.array(list(intervals[-1].features))
    mels = [{number: scaled(interval.features[number]) for number in streams} for interval in intervals]
    rng = np.random.default_rng(0)

    def slope_of(select: NDArray[np.intp]) -> float:
        distances = [frechet(np.concatenate([features[number] for number in select]), real) for features in mels]
        return float(np.polyfit(log_time, np.log(np.maximum(distances, 1e-9)), 1)[0])

    found = [slope_of(rng.choice(streams, len(streams))) for _ in range(_RESAMPLES)]
    low, high = np.percentile(found, [_LOW, _HIGH]).tolist()
    return Slope(slope_of(streams), low, high)
