"""Detectors of collapse in streams of sound."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from echoic.drift.features import WINDOW_S, Features
from echoic.types import Floats

Flags = NDArray[np.bool_]

COLLAPSE_S = 3.0
"""A stream has collapsed once a detector fires for this long without a break; speech has short pauses and hisses."""

SILENCE_DB = -60.0
NOISE_FLATNESS = 0.5
MAX_PEAK_FRACTION = 0.05
MIN_CONTINUITY = 0.35
AUDIBLE_DB = -50.0
"""Below this level too few quantization levels are in use to detect clipping."""

LOOP_WINDOW_S, LOOP_HOP_S = 6.0, 3.0
LOOP_CORRELATION = 0.99
MIN_LOOP_S, MAX_LOOP_S = 0.02, 2.0


class Collapse(NamedTuple):
    """Time of collapse, and the detector that fired."""

    time_s: float
    detector: str


DETECTORS: dict[str, Callable[[Features], Flags]] = {
    "silence": lambda features: features.level_db < SILENCE_DB,
    "noise": lambda features: features.flatness > NOISE_FLATNESS,
    "clipping": lambda features: (features.peak_fraction > MAX_PEAK_FRACTION) & (features.level_db > AUDIBLE_DB),
    "disorder": lambda features: features.continuity < MIN_CONTINUITY,
    "offset": lambda features: np.abs(features.mean) > 0.5 * 10 ** (features.level_db / 20),
}
"""Flags of collapsed windows, `(windows,)`. Silence: level below -60 dB. Noise: flat spectrum. Clipping: over 5 % of
the samples at the peak. Disorder: low correlation between the levels of adjacent 16 ms (0.5 to 1 for
speech, 0.2 for speech in shuffled frames of 20 ms). Offset: the mean exceeds half of the level. Loops require longer
windows: see `find_loop`."""


def detect_collapse(sound: Floats, features: Features, rate_hz: int) -> Collapse | None:
    """The first time a detector fires for 3 s in a stream `(samples,)` with window features `features`."""
    flags = {name: detector(features) for name, detector in DETECTORS.items()}
    for name in ("noise", "disorder", "offset"):
        flags[name] = flags[name] & ~(features.level_db < SILENCE_DB)
    min_run = round(COLLAPSE_S / WINDOW_S)
    found = [
        Collapse(at * WINDOW_S, name) for name, flag in flags.items() if (at := _first_run(flag, min_run)) is not None
    ]
    loop_s = find_loop(sound, features.level_db >= SILENCE_DB, rate_hz)
    if loop_s is not None:
        found.append(Collapse(loop_s, "loop"))
    return min(found, default=None)


def find_loop(sound: Floats, audible: Flags, rate_hz: int) -> float | None:
    """Time of the first 6 s of sound `(samples,)` that repeat with a period of 20 ms to 2 s; None without any.

    `audible` flags the seconds that are not silent; excerpts without any are skipped.
    """
    window, hop = round(LOOP_WINDOW_S * rate_hz), round(LOOP_HOP_S * rate_hz)
    min_lag, max_lag = round(MIN_LOOP_S * rate_hz), round(MAX_LOOP_S * rate_hz)
    for begin in range(0, len(sound) - window + 1, hop):
        seconds = slice(begin // rate_hz, (begin + window) // rate_hz)
        if (
            audible[seconds].any()
            and _autocorrelation(sound[begin : begin + window], max_lag)[min_lag:].max() > LOOP_CORRELATION
        ):
            return begin / rate_hz
    return None


def _autocorrelation(x: Floats, max_lag: int) -> NDArray[np.float64]:
    """Autocorrelation of `x` for lags 0 to `max_lag`; 1 at a period."""
    x = x - x.mean(dtype=np.float64)
    size = int(2 ** np.ceil(np.log2(2 * len(x))))
    products = np.fft.irfft(np.abs(np.fft.rfft(x, size)) ** 2)[: max_lag + 1]
    energy = np.concatenate([[0.0], np.cumsum(x * x)])
    lags = np.arange(max_lag + 1)
    earlier, later = energy[len(x) - lags], energy[-1] - energy[lags]
    return np.asarray(products / np.sqrt(earlier * later + 1e-12))


def _first_run(flags: Flags, min_run: int) -> int | None:
    """Start of the first run of at least `min_run` true flags."""
    if len(flags) < min_run:
        return None
    runs = np.lib.stride_tricks.sliding_window_view(flags, min_run).all(1)
    return int(runs.argmax()) if runs.any() else None
