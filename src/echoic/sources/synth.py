"""Seeded synthetic signals: noisy sines, and the functions of a study of forecasting parameters."""

import hashlib
import inspect
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.config.base import suggestion
from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources.base import DataReport, Dataset
from echoic.sources.roles import refuse_columns
from echoic.types import Series
from echoic.types.frequency import Frequency
from echoic.types.timebase import INDEX, TimeBase

Values = NDArray[np.float64]

_MAX_STEPS = 100_000_000
_MIN = {"steps": 2, "rate_hz": 1e-6, "noise": 0, "seed": 0}


def sine(steps: int = 50_001, rate_hz: float = 100.0, noise: float = 0.02, seed: int = 0) -> Values:
    """A sine of 1 Hz with Gaussian noise of standard deviation `noise`, `(steps,)`."""
    values: Values = np.sin(2 * np.pi * np.arange(steps) / rate_hz) + _gaussian(steps, noise, seed)
    return values


def sines(steps: int = 50_001, rate_hz: float = 100.0, noise: float = 0.02, seed: int = 0) -> Values:
    """Sines of 0.25, 1 and 2.5 Hz with amplitudes 0.5, 1 and 0.25, with Gaussian noise, `(steps,)`."""
    time_s = np.arange(steps) / rate_hz
    values = _gaussian(steps, noise, seed)
    for hz, amplitude in ((0.25, 0.5), (1.0, 1.0), (2.5, 0.25)):
        values += amplitude * np.sin(2 * np.pi * hz * time_s)
    return values


def o2_sine_short() -> Values:
    """`sin(x) * 5 + 10` on 100 points of 0 to 20."""
    return np.sin(np.linspace(0, 20, 100)) * 5 + 10


def o2_sine_long() -> Values:
    """`sin(x) * 5 + 10` on 1,000 points of 0 to 100."""
    return np.sin(np.linspace(0, 100, 1000)) * 5 + 10


def o2_noisy(seed: int = 0) -> Values:
    """`sin(x) * 5 + 10 * noise` on 1,000 points of 0 to 100, noise uniform in [0, 1)."""
    return np.sin(np.linspace(0, 100, 1000)) * 5 + 10 * np.random.default_rng(seed).random(1000)


def o2_growing(seed: int = 0) -> Values:
    """`sin(x) * x + 10 * noise` on 1,000 points of 0 to 100, noise uniform in [0, 1)."""
    x = np.linspace(0, 100, 1000)
    return np.sin(x) * x + 10 * np.random.default_rng(seed).random(1000)


def o2_random_amplitude(seed: int = 0) -> Values:
    """`sin(x) * a + 10 * noise` on 1,000 points of 0 to 50; `a` is uniform in [0, 10) and independent per step."""
    generator = np.random.default_rng(seed)
    return np.sin(np.linspace(0, 50, 1000)) * generator.uniform(0, 10, 1000) + 10 * generator.random(1000)


SIGNALS: dict[str, Callable[..., Values]] = {
    "sine": sine,
    "sines": sines,
    "o2-sine-short": o2_sine_short,
    "o2-sine-long": o2_sine_long,
    "o2-noisy": o2_noisy,
    "o2-growing": o2_growing,
    "o2-random-amplitude": o2_random_amplitude,
}
"""The signals by name."""


def signal(name: str, **parameters: Any) -> Series:
    """Generates a series `(steps, 1)`, determined by its parameters.

    Args:
        name: a key of `SIGNALS`.
        parameters: the signal's parameters, as numbers or as text.

    Raises:
        DataError: there is no such signal or parameter, or its value is not allowed.
    """
    resolved = _resolved(name, parameters)
    values = SIGNALS[name](**resolved)[:, None]
    return Series(name, values, ("y",), _time_base(resolved), origin=f"synth:{name}")


def read(data: str, settings: TableSettings) -> Dataset:
    """Reads `synth:NAME` or `synth:NAME,key=value,...`.

    Raises:
        DataError: see `signal`; or the text has another form.
        ConfigError: a setting names a column.
    """
    refuse_columns(settings, "a synthetic signal")
    name, *pairs = data.removeprefix("synth:").split(",")
    for pair in pairs:
        if "=" not in pair:
            raise DataError(f"{data}: {pair!r} must have the form key=value; write synth:NAME,key=value.")
    given = {key.strip(): value.strip() for key, _, value in (pair.partition("=") for pair in pairs)}
    series = signal(name, **given)
    resolved = json.dumps([name, _resolved(name, given)], sort_keys=True)
    steps = series.steps
    constant = series.features if np.ptp(series.values) == 0 else ()
    report = DataReport(rows=steps, series=1, steps=steps, values=steps, missing={"y": 0}, constant=constant)
    return Dataset((series,), report, hashlib.sha256(resolved.encode()).hexdigest(), data)


def _gaussian(steps: int, noise: float, seed: int) -> Values:
    return noise * np.random.default_rng(seed).standard_normal(steps)


def _time_base(resolved: dict[str, Any]) -> TimeBase:
    """The sampling rate as a frequency, if the period is a whole number of microseconds."""
    distance_us = 1e6 / resolved["rate_hz"] if "rate_hz" in resolved else 0.5
    return TimeBase(Frequency("us", int(distance_us))) if distance_us.is_integer() else INDEX


def _resolved(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """All parameters of a signal, validated and converted, with defaults for missing ones."""
    if name not in SIGNALS:
        hint = suggestion(name, SIGNALS) or f"; there are {', '.join(SIGNALS)}."
        raise DataError(f"synth: there is no signal {name!r}{hint}")
    resolved = {key: one.default for key, one in inspect.signature(SIGNALS[name]).parameters.items()}
    for key, value in parameters.items():
        if key not in resolved:
            hint = suggestion(key, resolved) or f"; it takes {', '.join(resolved) or 'none'}."
            raise DataError(f"synth:{name}: there is no parameter {key!r}{hint}")
        resolved[key] = _number(name, key, value, type(resolved[key]))
    return resolved


def _number(name: str, key: str, value: Any, kind: type[int] | type[float]) -> int | float:
    maximum = _MAX_STEPS if key == "steps" else 2**63 - 1
    try:
        number = kind(value)
        fits = _MIN[key] <= number <= maximum and float(number) == float(value)
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        word = "a whole number" if kind is int else "a number"
        raise DataError(f"synth:{name}: `{key}` must be {word} from {_MIN[key]} to {maximum}, got {value!r}.")
    return number
