"""O2: its five functions with the last 30 steps held out, and its study of the parameters, with seeds and spread."""

import math

import numpy as np

import echoic
from common import arguments, publish, spread, table
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
"""Root mean squared error that no forecast can beat: the deviation of 10 times uniform noise."""

STUDY = {
    "learning rate": [("lr", rate) for rate in (0.1, 0.01, 0.001, 0.0001, 0.00001)],
    "forget bias": [("forget_bias", bias) for bias in (1.0, 0.5, 0.1)],
    "layers": [("layers", (32,) * layers) for layers in (1, 2, 3, 5, 7)],
}


STRATEGIES = ({"strategy": "recursive", "epochs": 100, "patience": 30}, {"strategy": "direct"})
"""The origin's way, and the whole horizon at once; dev picks."""


def series_of(signal: str) -> np.ndarray:
    """The values of one of the origin's functions, always the same noise."""
    settings = "" if signal.startswith("o2-sine") else ",seed=0"
    return read(f"synth:{signal}{settings}", TableSettings()).series[0].values[:, 0]


def train(seen: np.ndarray, horizon: int, **settings: object) -> echoic.Run:
    """A run on all but the held-out steps, a tenth of them (at least the horizon) for dev."""
    dev = max(horizon, len(seen) // 10)
    common = {"lookback": 30, "horizon": horizon, "split": (len(seen) - dev, dev, 0), "refit": False}
    return echoic.train("forecast", seen, **common | settings)


def held_out_rmse(run: echoic.Run, truth: np.ndarray) -> float:
    """Root mean squared error of what the run makes of the steps after its data."""
    (made,) = run.generate(len(truth))
    return rmse(made.values[:, 0], truth)


def rmse(forecast: np.ndarray, truth: np.ndarray) -> float:
    """Root mean squared error."""
    return float(np.sqrt(np.mean((forecast - truth) ** 2)))


def function_row(title: str, signal: str, seeds: int, threads: int | None) -> list[object]:
    """Scores of one function beside persistence and the seasonal naive forecast."""
    values = series_of(signal)
    seen, truth = values[:-HELD_OUT], values[-HELD_OUT:].astype(np.float64)
    horizon = HELD_OUT if len(values) > 500 else HELD_OUT // 3
    scores, chosen = [], []
    for seed in range(seeds):
        runs = [train(seen, horizon, seed=seed, threads=threads, **settings) for settings in STRATEGIES]
        best = min(runs, key=lambda run: run.evaluate(split="dev").scores["mse"])
        scores.append(held_out_rmse(best, truth))
        chosen.append(best.settings.window.strategy)
    season = detect_season(seen)
    naive = [f"{rmse(np.full(HELD_OUT, seen[-1]), truth):.3f}", "no season"]
    if season:
        naive[1] = f"{rmse(seen[-season:][np.arange(HELD_OUT) % season], truth):.3f}"
    floor = f"{FLOORS[signal]:.3f}" if signal in FLOORS else ("0" if "sine" in signal else "not known")
    return [title, spread(scores, 3), *naive, floor, ", ".join(chosen)]


def study_row(name: str, field: str, value: object, seeds: int, threads: int | None) -> list[object]:
    """One line of the study of the parameters."""
    values = series_of("o2-sine-long")
    seen, truth = values[:-HELD_OUT], values[-HELD_OUT:].astype(np.float64)
    fixed = {
        "strategy": "recursive",
        "cell": "lstm",
        "epochs": 40,
        "lr_schedule": "constant",
        "layers": (32,) * 3,
        "lr": 0.001,
    }
    scores = [
        held_out_rmse(train(seen, 1, seed=seed, threads=threads, **fixed | {field: value}), truth)
        for seed in range(seeds)
    ]
    return [name, f"{len(value)} x 32" if isinstance(value, tuple) else value, spread(scores, 3)]


def main() -> None:
    """Runs everything and prints the table."""
    options = arguments(__doc__ or "").parse_args()
    common = (options.seeds, options.threads)
    headers = ["function", "echoic, RMSE of 30 steps", "persistence", "seasonal naive", "noise floor", "picked on dev"]
    body = table(headers, [function_row(title, signal, *common) for title, signal in FUNCTIONS.items()])
    body += "\n\nThe study, on sin(x)*5 + 10 with 1,000 points; 3 x 32 LSTM, 40 epochs, fed back for 30 steps:\n\n"
    rows = [study_row(name, *choice, *common) for name, choices in STUDY.items() for choice in choices]
    body += table(["parameter", "value", "RMSE of 30 steps"], rows)
    publish("o2", f"O2: functions and their study, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
