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
STEPS = 6000
"""Of the series: an epoch takes about a quarter of a second on an idle core."""


class Cost(NamedTuple):
    """Seconds of a study, of the trainings of its trials, and its dev losses by trial."""

    seconds: float
    training_s: float
    losses: tuple[float, ...]


def costs(options: argparse.Namespace) -> str:
    """Studies of the same trials with one worker and with several in turn: what is not training, and what they gain."""
    many = max(2, options.workers)
    by_workers = {1: list[Cost](), many: list[Cost]()}
    for number in range(options.repeats):
        for count in by_workers if number % 2 == 0 else reversed(by_workers):
            by_workers[count].append(_study(options, count))
    rows = [_row(count, options.trials, found) for count, found in by_workers.items()]
    headers = ["workers", "trials", "seconds of a study", "seconds of training per trial", "not training, %"]
    ones, others = by_workers[1], by_workers[many]
    ratios = spread([one.seconds / other.seconds for one, other in zip(ones, others, strict=True)], 3)
    same = "the same" if {one.losses for one in (*ones, *others)} == {ones[0].losses} else "different"
    gain = f"{many} workers against one: {ratios} times as fast; dev losses of all trials: {same}."
    return f"{table(headers, rows)}\n\n{gain}"


def _row(workers: int, trials: int, found: list[Cost]) -> list[object]:
    shares = [100 * (1 - one.training_s / (workers * one.seconds)) for one in found]
    training_s = [one.training_s / trials for one in found]
    return [workers, trials, spread([one.seconds for one in found], 1), spread(training_s, 2), spread(shares, 1)]


def _study(options: argparse.Namespace, count: int) -> Cost:
    """A study of trials of equal length with one thread each."""
    wave = _wave(options.scratch, STEPS)
    path = options.scratch / f"costs-{time.monotonic_ns()}"
    started_at = time.monotonic()
    study = echoic.tune(
        "forecast", str(wave), out=path, trials=options.trials, workers=count, sampler="random", pruner="none",
        confirm=0, search=["lr=0.0003..0.01,log"], epochs=options.epochs, patience=options.epochs, threads=1, **NETWORK,
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
