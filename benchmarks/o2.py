"""O2: forecasts of the last 30 steps of five functions, and a study of three settings."""

import math
from argparse import Namespace
from typing import Any

import numpy as np

import echoic
from common import arguments, parse, publish, spread, table
from echoic.config.table import TableSettings
from echoic.forecasting.season import detect_season
from echoic.sources import read

HELD_OUT = 30
FUNCTIONS = {
    "sin(x)*5 + 10, 100 points": "o2-sine-short",
    "sin(x)*5 + 10, 1,000 points": "o2-sine-long",
    "sin(x)*5 + 10*noise": "o2-noisy",
    "sin(x)*x + 10*noise": "o2-growing",
    "sin(x)*a + 10*noise": "o2-random-amplitude",
}
UNIFORM_NOISE = 10 / math.sqrt(12)
FLOORS = {"o2-noisy": UNIFORM_NOISE, "o2-growing": UNIFORM_NOISE}
"""Lowest possible root mean squared error: the standard deviation of 10 times uniform noise."""

STUDY: dict[str, list[tuple[str, object]]] = {
    "learning rate": [("lr", rate) for rate in (0.1, 0.01, 0.001, 0.0001, 0.00001)],
    "forget bias": [("forget_bias", bias) for bias in (1.0, 0.5, 0.1)],
    "layers": [("layers", (32,) * layers) for layers in (1, 2, 3, 5, 7)],
}


STRATEGIES: tuple[dict[str, Any], ...] = (
    {"strategy": "recursive", "epochs": 100, "patience": 30},
    {"strategy": "direct"},
)
"""The strategy of the original system, and the whole horizon at once; the better one on dev is used."""


def load_values(signal: str) -> np.ndarray:
    """The values of a function; the noise is the same in each call."""
    settings = "" if signal.startswith("o2-sine") else ",seed=0"
    return read(f"synth:{signal}{settings}", TableSettings()).series[0].values[:, 0]


def train(history: np.ndarray, horizon: int, **settings: Any) -> echoic.Run:
    """Trains on the steps before the held-out ones, with a tenth of them (at least the horizon) as dev."""
    dev = max(horizon, len(history) // 10)
    common: dict[str, Any] = {"lookback": 30, "horizon": horizon, "split": (len(history) - dev, dev, 0), "refit": False}
    return echoic.train("forecast", history, **common | settings)


def held_out_rmse(run: echoic.Run, truth: np.ndarray) -> float:
    """Root mean squared error of the continuation of the data."""
    (continuation,) = run.generate(len(truth))
    return rmse(continuation.values[:, 0], truth)


def rmse(forecast: np.ndarray, truth: np.ndarray) -> float:
    """Root mean squared error."""
    return float(np.sqrt(np.mean((forecast - truth) ** 2)))


def function_row(title: str, signal: str, options: Namespace) -> list[object]:
    """The table row of a function: the error of echoic, persistence and the seasonal naive forecast."""
    values = load_values(signal)
    history, truth = values[:-HELD_OUT], values[-HELD_OUT:].astype(np.float64)
    horizon = HELD_OUT if len(values) > 500 else HELD_OUT // 3
    scores, chosen = [], []
    for seed in range(options.seeds):
        common = {"seed": seed, "threads": options.threads} | options.overrides
        runs = [train(history, horizon, **settings | common) for settings in STRATEGIES]
        best = min(runs, key=lambda run: run.evaluate(split="dev").scores["mse"])
        scores.append(held_out_rmse(best, truth))
        chosen.append(best.config["settings"]["window"]["strategy"])
    season = detect_season(history)
    baselines = [f"{rmse(np.full(HELD_OUT, history[-1]), truth):.3f}", "no season"]
    if season:
        baselines[1] = f"{rmse(history[-season:][np.arange(HELD_OUT) % season], truth):.3f}"
    floor = f"{FLOORS[signal]:.3f}" if signal in FLOORS else ("0" if "sine" in signal else "unknown")
    return [title, spread(scores, 3), *baselines, floor, ", ".join(chosen)]


def study_row(name: str, field: str, value: object, options: Namespace) -> list[object]:
    """The table row of one value of a setting."""
    values = load_values("o2-sine-long")
    history, truth = values[:-HELD_OUT], values[-HELD_OUT:].astype(np.float64)
    fixed: dict[str, Any] = {
        "strategy": "recursive",
        "cell": "lstm",
        "epochs": 40,
        "lr_schedule": "constant",
        "layers": (32,) * 3,
        "lr": 0.001,
    }
    scores = [
        held_out_rmse(
            train(history, 1, seed=seed, threads=options.threads, **fixed | options.overrides | {field: value}), truth
        )
        for seed in range(options.seeds)
    ]
    return [name, f"{len(value)} x 32" if isinstance(value, tuple) else value, spread(scores, 3)]


def main() -> None:
    """Trains on all functions, studies the settings, and prints both tables."""
    options = parse(arguments(__doc__ or ""))
    headers = ["function", "echoic, RMSE of 30 steps", "persistence", "seasonal naive", "noise floor", "chosen on dev"]
    chosen = list(FUNCTIONS.items())[: 1 if options.smoke else None]
    functions = [function_row(title, signal, options) for title, signal in chosen]
    body = table(headers, functions)
    fixed = "LSTM, 3 x 32, 40 epochs, recursive forecast of 30 steps"
    body += f"\n\nThe study, on sin(x)*5 + 10 with 1,000 points: {fixed}:\n\n"
    rows = [
        study_row(name, field, value, options)
        for name, choices in STUDY.items()
        for field, value in (choices[:1] if options.smoke else choices)
    ]
    body += table(["setting", "value", "RMSE of 30 steps"], rows)
    publish("o2", f"O2: five functions and a study of settings, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
