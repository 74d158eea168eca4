"""Forecasts by all strategies."""

from pathlib import Path
from typing import Any

import numpy as np
from job_data import sine

import echoic
from echoic.forecasting.levels import LEVELS
from live_cases.case import COMMON, EXACT, Case


def forecast(folder: Path, **settings: Any) -> Case:
    values = sine(folder).astype(np.float64) + 5
    small = {"split": (240, 80, 80), "lookback": 24, "horizon": 4} | settings
    run = echoic.train("forecast", values, out=folder / "run", **COMMON | small)
    data = values[: 24 + 100]

    def joined(results: list[Any]) -> np.ndarray:
        last = next(result for result in reversed(results) if result is not None)
        return np.concatenate([last.mean[:, 0], *(last.quantiles[LEVELS.index(one), :, 0] for one in (0.1, 0.9))])

    def offline() -> np.ndarray:
        table = run.predict(data)
        return np.concatenate([table[name] for name in ("mean", "lo-80", "hi-80")])

    return Case(run, data, joined, offline, EXACT)


def forecast_by_steps(folder: Path) -> Case:
    return forecast(folder, strategy="recursive", head="gaussian", network_weight=1.0)


def forecast_by_segments(folder: Path) -> Case:
    return forecast(folder, strategy="segments")
