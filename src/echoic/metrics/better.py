"""What is best of each score."""

from typing import Literal

_MORE = {
    "accuracy", "alive", "event_f1", "exact", "frame_accuracy", "macro_f1", "mean_average_precision", "micro_f1",
    "segment_f1",
}  # fmt: skip
_NEITHER = {"slope", "slope_low", "slope_high"}
_COVERAGE = "coverage_"


def better(score: str) -> Literal["low", "high"] | float | None:
    """Whether less or more of it is better, or which value is; None where that cannot be said.

    Coverage should be what it promises: 0.8 of `coverage_80`.
    """
    if score.startswith(_COVERAGE):
        return int(score.removeprefix(_COVERAGE)) / 100
    if score in _NEITHER:
        return None
    return "high" if score in _MORE else "low"


def best_of(score: str, values: list[float]) -> float | None:
    """The best of two values or more; None if there is none."""
    wanted = better(score)
    if wanted is None or len(values) < 2:
        return None
    if isinstance(wanted, str):
        return min(values) if wanted == "low" else max(values)
    return min(values, key=lambda value: abs(value - wanted))
