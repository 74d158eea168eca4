"""Negative controls: collapsed sound made from real sound, which every measure of drift must detect."""

from collections.abc import Callable

import numpy as np

from echoic.types import Floats

_FRAME_S = 0.02

Control = Callable[[Floats, int, int, np.random.Generator], Floats]
"""Called with real sound, the number of samples to make, the sampling rate and a random generator."""


def _white_noise(real: Floats, samples: int, _rate_hz: int, rng: np.random.Generator) -> Floats:
    """White noise of the same level."""
    level = float(np.sqrt(np.mean(np.square(real, dtype=np.float64))))
    return (level * rng.standard_normal(samples)).astype(np.float32)


def _silence(_real: Floats, samples: int, _rate_hz: int, _rng: np.random.Generator) -> Floats:
    return np.zeros(samples, np.float32)


def _shuffled(real: Floats, samples: int, rate_hz: int, rng: np.random.Generator) -> Floats:
    """Frames of 20 ms in random order."""
    frame = round(_FRAME_S * rate_hz)
    frames = real[: len(real) // frame * frame].reshape(-1, frame)
    return frames[rng.integers(len(frames), size=-(-samples // frame))].reshape(-1)[:samples]


def _loop(real: Floats, samples: int, rate_hz: int, rng: np.random.Generator) -> Floats:
    """A random second of at least median level, repeated."""
    seconds = real[: len(real) // rate_hz * rate_hz].reshape(-1, rate_hz)
    loud = seconds[np.square(seconds).mean(1) >= np.median(np.square(seconds).mean(1))]
    return np.resize(loud[rng.integers(len(loud))], samples)


CONTROLS: dict[str, Control] = {
    "white noise": _white_noise,
    "silence": _silence,
    "shuffled frames": _shuffled,
    "loop": _loop,
}
