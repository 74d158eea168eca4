"""A zoo of seeded synthetic series: trends, walks, shifts, seasons, counts, outliers, chaos, gaps, extreme values."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Rng = np.random.Generator


def _time(steps: int) -> Values:
    return np.arange(steps, dtype=np.float64)


def _wave(steps: int, period: float, phase: float = 0.0) -> Values:
    return np.sin(2 * np.pi * (_time(steps) / period + phase))


def _noise(rng: Rng, steps: int, scale: float = 1.0) -> Values:
    return rng.normal(0, scale, steps)


def _ar(rng: Rng, steps: int, *coefficients: float) -> Values:
    """An autoregression, after a hundred steps to forget its start."""
    order = len(coefficients)
    values = np.zeros(steps + 100 + order)
    noise = _noise(rng, len(values))
    for step in range(order, len(values)):
        values[step] = np.dot(coefficients, values[step - order : step][::-1]) + noise[step]
    return values[-steps:]


def _logistic_map(rng: Rng, steps: int) -> Values:
    values = np.empty(steps)
    values[0] = rng.uniform(0.1, 0.9)
    for step in range(1, steps):
        values[step] = 3.9 * values[step - 1] * (1 - values[step - 1])
    return values


def _mackey_glass(rng: Rng, steps: int) -> Values:
    """Delay 17, Euler steps of 1, every third kept."""
    values = np.full(steps * 3 + 318, 1.2) + rng.normal(0, 0.05, steps * 3 + 318)
    for step in range(18, len(values)):
        delayed = values[step - 18]
        values[step] = 0.9 * values[step - 1] + 0.2 * delayed / (1 + delayed**10)
    return values[-steps * 3 :: 3]


def _intermittent(rng: Rng, steps: int) -> Values:
    return np.asarray(rng.poisson(3, steps) * (rng.uniform(size=steps) < 0.25), np.float64)


def _gappy(rng: Rng, steps: int) -> Values:
    values = 20 + 5 * _wave(steps, 12) + _noise(rng, steps)
    values[rng.uniform(size=steps) < 0.1] = np.nan
    values[-1] = 20.0
    return values


def _outliers(rng: Rng, steps: int) -> Values:
    values = 10 + _ar(rng, steps, 0.7)
    struck = rng.uniform(size=steps) < 0.03
    values[struck] += rng.choice([-15.0, 15.0], int(struck.sum()))
    return values


def _changing_season(rng: Rng, steps: int) -> Values:
    amplitude = 1 + 0.3 * np.cumsum(_noise(rng, steps)) / np.sqrt(steps)
    return np.asarray(30 + 5 * amplitude * _wave(steps, 12) + _noise(rng, steps, 0.7))


def _level_shifts(rng: Rng, steps: int) -> Values:
    jumps = (rng.uniform(size=steps) < 0.01) * rng.normal(0, 15, steps)
    return 100 + np.cumsum(jumps) + _noise(rng, steps)


def _daily_and_weekly(rng: Rng, steps: int) -> Values:
    weekday = (_time(steps) // 24) % 7
    return np.asarray(50 + 10 * _wave(steps, 24) + 8 * (weekday >= 5) + _ar(rng, steps, 0.6))


def _garch(rng: Rng, steps: int) -> Values:
    values, variance = np.empty(steps), 1.0
    for step in range(steps):
        values[step] = rng.normal(0, np.sqrt(variance))
        variance = 0.1 + 0.2 * values[step] ** 2 + 0.7 * variance
    return values


SERIES: dict[str, tuple[int, Callable[[Rng, int], Values]]] = {
    "white noise": (300, lambda rng, n: 5 + _noise(rng, n)),
    "walk": (400, lambda rng, n: np.cumsum(_noise(rng, n))),
    "walk with drift": (300, lambda rng, n: 50 + np.cumsum(1 + _noise(rng, n))),
    "short walk": (80, lambda rng, n: 20 + np.cumsum(_noise(rng, n))),
    "line": (200, lambda rng, n: 3 * _time(n) + _noise(rng, n, 5)),
    "falling line": (250, lambda rng, n: 500 - 1.5 * _time(n) + _noise(rng, n, 8)),
    "exponential growth": (150, lambda rng, n: 10 * np.exp(0.03 * _time(n) + _noise(rng, n, 0.05))),
    "saturating growth": (250, lambda rng, n: 100 / (1 + np.exp(-(_time(n) - 120) / 25)) + _noise(rng, n)),
    "level shift": (300, lambda rng, n: 100 * (_time(n) > 0.5 * n) + _noise(rng, n)),
    "late level shift": (300, lambda rng, n: 20 * (_time(n) > 0.85 * n) + _noise(rng, n)),
    "level shifts": (600, _level_shifts),
    "AR(1)": (400, lambda rng, n: 10 + _ar(rng, n, 0.8)),
    "AR(2), cycles": (400, lambda rng, n: _ar(rng, n, 1.6, -0.9)),
    "season 12": (200, lambda rng, n: 40 + 8 * _wave(n, 12) + _noise(rng, n)),
    "season 7, counts": (300, lambda rng, n: rng.poisson(20 + 10 * (_time(n) % 7 >= 5)).astype(np.float64)),
    "season 24": (500, lambda rng, n: 10 * _wave(n, 24) + 4 * _wave(n, 12, 0.1) + _noise(rng, n)),
    "seasons 24 and 168": (1200, _daily_and_weekly),
    "trend and season": (240, lambda rng, n: 0.5 * _time(n) + 10 * _wave(n, 12) + _noise(rng, n, 2)),
    "multiplicative season": (
        180, lambda rng, n: np.exp(0.012 * _time(n)) * (20 + 6 * _wave(n, 12)) * np.exp(_noise(rng, n, 0.04)),
    ),
    "changing season": (360, _changing_season),
    "season on a walk": (400, lambda rng, n: np.cumsum(_noise(rng, n, 0.5)) + 6 * _wave(n, 12) + _noise(rng, n, 0.3)),
    "long season": (600, lambda rng, n: 15 * _wave(n, 90) + _noise(rng, n, 2)),
    "intermittent counts": (300, _intermittent),
    "small counts": (250, lambda rng, n: rng.poisson(1.5, n).astype(np.float64)),
    "outliers": (300, _outliers),
    "heavy tails": (300, lambda rng, n: np.cumsum(rng.standard_t(2.5, n)) * 0.2 + rng.standard_t(2.5, n)),
    "changing variance": (400, _garch),
    "chirp": (500, lambda rng, n: np.sin(_time(n) ** 1.6 / 40) + _noise(rng, n, 0.05)),
    "two tones": (400, lambda rng, n: _wave(n, 17.3) + 0.7 * _wave(n, 41.7, 0.3) + _noise(rng, n, 0.1)),
    "sawtooth": (300, lambda rng, n: _time(n) % 20 + _noise(rng, n, 0.5)),
    "logistic map": (400, _logistic_map),
    "Mackey-Glass": (500, _mackey_glass),
    "gappy": (300, _gappy),
    "huge values": (300, lambda rng, n: 1e8 + 1e4 * (2 * _wave(n, 12) + _noise(rng, n, 0.5))),
    "tiny values": (300, lambda rng, n: 1e-9 * (5 + _wave(n, 10) + _noise(rng, n, 0.3))),
    "mostly constant": (250, lambda rng, n: 5.0 + np.round(rng.exponential(0.4, n) * (rng.uniform(size=n) < 0.1), 2)),
    "very short": (45, lambda rng, n: 10 + 0.2 * _time(n) + _noise(rng, n)),
    "zeros at times": (300, lambda rng, n: np.maximum(0, 5 + 6 * _wave(n, 12) + _noise(rng, n))),
}  # fmt: skip
"""Length in steps and a maker by name."""


def make(name: str, seed: int) -> Values:
    """The series `name`, `(steps,)`; other seeds give other draws of the same process."""
    steps, maker = SERIES[name]
    return maker(np.random.default_rng([seed, list(SERIES).index(name)]), steps)
