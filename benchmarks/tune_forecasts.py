"""ETTh1, tuned by its dev split at each horizon, against the defaults with the same seeds."""

import argparse
import statistics
from typing import Any

import echoic
from common import spread, table
from studies import counted, fresh_runs, settings_text, study_of

LOOKBACK = 96


def etth1(options: argparse.Namespace) -> str:
    """A row per horizon; the splits are 12, 4 and 4 months."""
    data = str(options.data / "ett_h1" / "ETTh1.csv")
    horizons, split = options.horizons, (8640, 2880, 2880)
    if options.smoke:
        horizons, split = [96], (960, 320, 320)
    rows, means = [], list[tuple[float, float]]()
    for horizon in horizons:
        settings: dict[str, Any] = {"time": "date", "lookback": LOOKBACK, "horizon": horizon, "split": split}
        study = study_of(f"etth1-{horizon}", "forecast", data, options, **settings)
        tuned = [_mse(run, f"{horizon} steps, tuned") for run in fresh_runs(study, data, options, **settings)]
        plain = list[tuple[float, float]]()
        for seed in range(1, options.seeds + 1):
            run = echoic.train("forecast", data, seed=seed, threads=options.threads, **settings | options.overrides)
            plain.append(_mse(run, f"{horizon} steps, defaults"))
        columns = [list(column) for found in (plain, tuned) for column in zip(*found, strict=True)]
        means.append((statistics.fmean(columns[1]), statistics.fmean(columns[3])))
        winner = settings_text(study.winner.settings)
        rows.append([horizon, *map(spread, columns), len(tuned), counted(study), winner])
    headers = ["horizon", "defaults: dev MSE", "defaults: test MSE", "tuned: dev MSE", "tuned: test MSE", "seeds"]
    body = table([*headers, "trials", "winner"], rows)
    plain_mean, tuned_mean = (statistics.fmean(column) for column in zip(*means, strict=True))
    return f"{body}\n\nMean test MSE over the horizons: defaults {plain_mean:.4f}, tuned {tuned_mean:.4f}."


def _mse(run: echoic.Run, name: str) -> tuple[float, float]:
    """On dev and test; test is read once for each run."""
    dev, test = run.evaluate(split="dev").scores["mse"], run.evaluate().scores["mse"]
    print(f"{name}, seed {run.seed}: dev {dev:.4f} test {test:.4f}", flush=True)
    return dev, test
