"""When a stream of sound has collapsed, and into what."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.drift.features import WINDOW_S, Features
from echoic.types import Floats

Flags = NDArray[np.bool_]

DEAD_S = 3.0
"""A stream is dead when a detector fires for so long without a break: speech has pauses and hisses, too."""

SILENCE_DB = -60.0
NOISE_FLATNESS = 0.5
PEAK_SHARE = 0.05
LEAST_CONTINUITY = 0.35
AUDIBLE_DB = -50.0
"""Below this, levels are few and say nothing about clipping."""

LOOP_WINDOW_S, LOOP_HOP_S = 6.0, 3.0
LOOP_LIKENESS = 0.99
SHORTEST_LOOP_S, LONGEST_LOOP_S = 0.02, 2.0


class Death(NamedTuple):
    """When a stream collapsed, and which detector says so."""

    time_s: float
    detector: str


DETECTORS: dict[str, Callable[[Features], Flags]] = {
    "silence": lambda seen: seen.level_db < SILENCE_DB,
    "noise": lambda seen: seen.flatness > NOISE_FLATNESS,
    "clipping": lambda seen: (seen.at_peak > PEAK_SHARE) & (seen.level_db > AUDIBLE_DB),
    "disorder": lambda seen: seen.continuity < LEAST_CONTINUITY,
    "offset": lambda seen: np.abs(seen.mean) > 0.5 * 10 ** (seen.level_db / 20),
}
"""From windows to whether each looks collapsed `(windows,)`. Silence: below -60 dB. Noise: a flat spectrum. Clipping:
more than a twentieth of the samples at the peak. Disorder: how loud 16 ms are says little of the next 16; of speech the
correlation is 0.5 to 1, of its frames of 20 ms shuffled 0.2. Offset: the mean is more than half of the level. Loops
need longer windows: see `loops`."""


def find_death(sound: Floats, seen: Features, rate_hz: int) -> Death | None:
    """The first time from which on a detector fires for 3 s, of a stream `(samples,)` with its windows `seen`."""
    flags = {name: detector(seen) for name, detector in DETECTORS.items()}
    for name in ("noise", "disorder", "offset"):
        flags[name] = flags[name] & ~(seen.level_db < SILENCE_DB)
    needed = round(DEAD_S / WINDOW_S)
    found = [Death(at * WINDOW_S, name) for name, flag in flags.items() if (at := _first_run(flag, needed)) is not None]
    looped = loops(sound, seen.level_db >= SILENCE_DB, rate_hz)
    if looped is not None:
        found.append(Death(looped, "loop"))
    return min(found, default=None)


def loops(sound: Floats, audible: Flags, rate_hz: int) -> float | None:
    """When sound `(samples,)` begins to repeat itself, in seconds: 6 s that are the same a period later.

    Periods are 20 ms to 2 s, so that there are three of them at least. `audible` says which seconds are not silent:
    networks that foretell means end in a soft buzz.
    """
    window, hop = round(LOOP_WINDOW_S * rate_hz), round(LOOP_HOP_S * rate_hz)
    shortest, longest = round(SHORTEST_LOOP_S * rate_hz), round(LONGEST_LOOP_S * rate_hz)
    for begin in range(0, len(sound) - window + 1, hop):
        seconds = slice(begin // rate_hz, (begin + window) // rate_hz)
        if (
            audible[seconds].any()
            and _likeness(sound[begin : begin + window], longest)[shortest:].max() > LOOP_LIKENESS
        ):
            return begin / rate_hz
    return None


def _likeness(x: Floats, longest: int) -> NDArray[np.float64]:
    """Correlation of `x` with itself `lag` samples later, for lags 0 to `longest`: 1 where it repeats itself."""
    x = x - x.mean(dtype=np.float64)
    size = int(2 ** np.ceil(np.log2(2 * len(x))))
    products = np.fft.irfft(np.abs(np.fft.rfft(x, size)) ** 2)[: longest + 1]
    energy = np.concatenate([[0.0], np.cumsum(x * x)])
    lags = np.arange(longest + 1)
    earlier, later = energy[len(x) - lags], energy[-1] - energy[lags]
    return np.asarray(products / np.sqrt(earlier * later + 1e-12))


def _first_run(flags: Flags, needed: int) -> int | None:
    """Where `needed` true flags in a row first begin."""
    if len(flags) < needed:
        return None
    runs = np.lib.stride_tricks.sliding_window_view(flags, needed).all(1)
    return int(runs.argmax()) if runs.any() else None
