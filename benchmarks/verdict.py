"""Training with the defaults, and whether the result falls below the best baseline of its table."""

import argparse
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import echoic
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.goals import goal

STANDARD_ERRORS = 2
"""A set falls below its baseline if the mean gain is negative by more than so many standard errors."""


class Trained(NamedTuple):
    """A run, and the seconds and CPU seconds of its training, which differ on a busy machine."""

    run: echoic.Run
    seconds: float
    cpu_seconds: float


def train(job: str, data: Any, options: argparse.Namespace, seed: int, **settings: Any) -> Trained:
    """Trains with `settings`, which say what the data are, and with seed, threads and overrides of the benchmark."""
    started_at, cpu_started_at = time.monotonic(), time.process_time()
    run = echoic.train(job, data, **settings | {"seed": seed, "threads": options.threads} | options.overrides)
    return Trained(run, time.monotonic() - started_at, time.process_time() - cpu_started_at)


def seconds_to_train(trained: Sequence[Trained]) -> str:
    """A table cell: mean seconds, and CPU seconds in brackets."""
    seconds, cpu_seconds = (statistics.fmean(times) for times in zip(*(one[1:] for one in trained), strict=True))
    return f"{seconds:.0f} ({cpu_seconds:.0f})"


def best_baseline(evaluations: Sequence[Evaluation], score: str) -> str:
    """The baseline with the best mean score over all evaluations that have it."""
    rows = [name for name, scores in evaluations[0].baselines.items() if score in scores]
    choose = min if goal(score) == "low" else max
    return choose(rows, key=lambda row: statistics.fmean(one.baselines[row][score] for one in evaluations))


def verdict(gains: Mapping[str, Sequence[float]], over: str) -> str:
    """A sentence that names the sets which fall below their best baseline by more than two standard errors.

    Args:
        gains: by set, the advantage over the best baseline in each observation; negative where the baseline is better.
            Without a second observation there is no standard error, and any negative value counts.
        over: the observations: seeds, clips.
    """
    means = {name: statistics.fmean(values) for name, values in gains.items()}
    errors = {name: standard_error(values) for name, values in gains.items() if len(values) > 1}
    below = [
        f"{name} ({mean:+.4f}" + (f" ± {errors[name]:.4f})" if name in errors else ")")
        for name, mean in means.items()
        if mean < -STANDARD_ERRORS * errors.get(name, 0.0)
    ]
    scale = (
        f"more than {STANDARD_ERRORS} standard errors over {over}" if errors else "any amount (a single observation)"
    )
    sentence = f"{len(below)} of {len(means)} sets fall below their best baseline by {scale}"
    return f"{sentence}: {'; '.join(below)}." if below else f"{sentence}."


def standard_error(values: Sequence[float]) -> float:
    """The standard error of the mean of at least two values."""
    return statistics.stdev(values) / math.sqrt(len(values))
