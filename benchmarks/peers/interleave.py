"""Interleaved timing: rounds of one block of steps per contender, with alternating order."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Run = Callable[[int], object]
"""Runs a number of steps, and returns when the last one is complete."""

Clock = Callable[[], float]


def measure(
    contenders: Mapping[str, Run], rounds: int, block_s: float, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds per step by `clock`, for each contender and round; choosing the block sizes is the warm-up."""
    sizes = {name: _block(run, block_s) for name, run in contenders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        order = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in order:
            seconds[name].append(_time(contenders[name], sizes[name], clock) / sizes[name])
    return seconds


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> list[float]:
    """The ratio of their time to ours, round by round."""
    return [one / other for one, other in zip(theirs, ours, strict=True)]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, minimum and maximum."""
    median, low, high = (f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{median} ({low} to {high})"


def _block(run: Run, block_s: float) -> int:
    """The number of steps that take about `block_s`; the first step, which may compile, is not timed."""
    run(1)
    steps = 1
    while (elapsed := _time(run, steps, time.perf_counter)) < block_s / 4:
        steps *= 4
    return max(1, round(steps * block_s / elapsed))


def _time(run: Run, steps: int, clock: Clock) -> float:
    started_at = clock()
    run(steps)
    return clock() - started_at
