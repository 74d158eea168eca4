"""Forecast defaults on synthetic series: a guard of what `benchmarks/defaults.py` measures, with other seeds."""

import statistics

import pytest

import echoic
import zoo

SEED = 1000
CASES = [
    ("white noise", 1), ("walk", 1), ("walk with drift", 12), ("line", 12), ("level shift", 1), ("AR(2), cycles", 12),
    ("season 12", 12), ("season 24", 1), ("trend and season", 1), ("multiplicative season", 12), ("outliers", 1),
    ("season on a walk", 1), ("intermittent counts", 12), ("two tones", 12), ("logistic map", 1), ("gappy", 12),
    ("huge values", 12), ("tiny values", 1),
]  # fmt: skip

WORST = 1.3
"""A single set may be worse than the best baseline in hindsight by so much: its test split is short."""
MEAN = 0.95


@pytest.mark.slow
def test_defaults_keep_up_with_the_best_baseline_of_each_series() -> None:
    ratios, coverages = {}, {}
    for name, horizon in CASES:
        run = echoic.train("forecast", zoo.make(name, SEED), horizon=horizon, seed=0, threads=1)
        evaluation = run.evaluate()
        best = min(scores["mae"] for row, scores in evaluation.baselines.items() if row != "combination")
        ratios[f"{name}, {horizon}"] = evaluation.scores["mae"] / best
        coverages[f"{name}, {horizon}"] = evaluation.scores["coverage_80"]
    assert statistics.geometric_mean(ratios.values()) < MEAN, ratios
    assert max(ratios.values()) < WORST, ratios
    assert 0.75 < statistics.fmean(coverages.values()) < 0.85, coverages
    assert all(0.65 < coverage < 0.95 for coverage in coverages.values()), coverages
