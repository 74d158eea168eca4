"""The protocol: rounds in which every contender runs a block of steps, in turns from the first and from the last."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Run = Callable[[int], object]
"""Runs some steps, and returns when the last has ended."""

Clock = Callable[[], float]


def measure(
    contenders: Mapping[str, Run], rounds: int, block_s: float, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of a step by `clock`, for each contender and round; the search for the size of a block warms up."""
    sizes = {name: _block(run, block_s) for name, run in contenders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        order = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in order:
            seconds[name].append(_took(contenders[name], sizes[name], clock) / sizes[name])
    return seconds


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> list[float]:
    """How many times as long they took, round by round."""
    return [one / other for one, other in zip(theirs, ours, strict=True)]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, least and greatest."""
    middle, least, most = (f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{middle} ({least}..{most})"


def _block(run: Run, block_s: float) -> int:
    """How many steps take about `block_s`; the first step, which may compile, does not count."""
    run(1)
    steps = 1
    while (took := _took(run, steps, time.perf_counter)) < block_s / 4:
        steps *= 4
    return max(1, round(steps * block_s / took))


def _took(run: Run, steps: int, clock: Clock) -> float:
    started_at = clock()
    run(steps)
    return clock() - started_at
