"""What a study costs beside training, and what a second worker gains; for an idle machine."""

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import echoic
from common import spread, table
from echoic.studies.orders import trial_runs

NETWORK: dict[str, Any] = {
    "lookback": 48, "horizon": 1, "strategy": "recursive", "network_weight": 1.0, "layers": (32,), "batch_size": 32,
    "refit": False,
}  # fmt: skip
EPOCHS, STEPS = 20, 6000
"""A trial takes a few seconds on an idle core: less than those of most studies, so the overhead is an upper bound."""


class Cost(NamedTuple):
    """Seconds of a study, of the trainings of its trials, and its dev losses by trial."""

    seconds: float
    training_s: float
    losses: tuple[float, ...]


def overhead(options: argparse.Namespace) -> str:
    """The seconds of whole studies that are not spent in trainings: ask, tell, start and load."""
    rows = []
    for workers in (1,) if options.workers == 1 else (1, options.workers):
        costs = [_study(options, workers) for _ in range(options.repeats)]
        shares = [100 * (1 - one.training_s / (workers * one.seconds)) for one in costs]
        seconds = [one.seconds for one in costs]
        training = [one.training_s / options.trials for one in costs]
        rows.append([workers, options.trials, spread(seconds, 1), spread(training, 2), spread(shares, 1)])
    headers = ["workers", "trials", "seconds of a study", "seconds of training per trial", "not training, %"]
    return table(headers, rows)


def workers(options: argparse.Namespace) -> str:
    """The same trials with one worker and with two, in turn."""
    ones, twos = list[Cost](), list[Cost]()
    for number in range(options.repeats):
        for count in (1, 2) if number % 2 == 0 else (2, 1):
            (ones if count == 1 else twos).append(_study(options, count))
    same = "the same" if {one.losses for one in (*ones, *twos)} == {ones[0].losses} else "different"
    ratios = [one.seconds / two.seconds for one, two in zip(ones, twos, strict=True)]
    seconds = [spread([one.seconds for one in costs], 1) for costs in (ones, twos)]
    headers = ["trials", "seconds, 1 worker", "seconds, 2 workers", "ratio"]
    body = table(headers, [[options.trials, *seconds, spread(ratios, 3)]])
    return f"{body}\n\nDev losses of all trials with one and with two workers: {same}."


def _study(options: argparse.Namespace, count: int) -> Cost:
    """A study of trials of equal length with one thread each."""
    wave = _wave(options.scratch, 400 if options.smoke else STEPS)
    epochs = 1 if options.smoke else EPOCHS
    path = options.scratch / f"costs-{time.monotonic_ns()}"
    started_at = time.monotonic()
    study = echoic.tune(
        "forecast", str(wave), out=path, trials=options.trials, workers=count, sampler="random", pruner="none",
        confirm=0, search=["lr=0.0003..0.01,log"], epochs=epochs, patience=epochs, threads=1, **NETWORK,
    )  # fmt: skip
    seconds = time.monotonic() - started_at
    runs = [path / trial_runs(trial.number, 1)[0] for trial in study.trials]
    cost = Cost(seconds, sum(map(_training_s, runs)), tuple(trial.loss for trial in study.trials))
    print(f"{count} workers: {cost.seconds:.1f} s, of which training {cost.training_s:.1f} s", flush=True)
    return cost


def _training_s(run: Path) -> float:
    """The seconds of `echoic train` after data and settings are read: from config.json to the last file."""
    times_s = [path.stat().st_mtime for path in run.rglob("*") if path.is_file()]
    return max(times_s) - (run / "config.json").stat().st_mtime


def _wave(folder: Path, steps: int) -> Path:
    path = folder / "wave.csv"
    if not path.exists():
        noise = 0.1 * np.random.default_rng(0).standard_normal(steps)
        np.savetxt(path, np.sin(np.arange(steps) / 3) + noise, header="y", comments="")
    return path
