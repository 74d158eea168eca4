"""The direction of each score: lower or higher is better, or a target value."""

from typing import Literal

_HIGHER_IS_BETTER = {
    "accuracy", "survival", "event_f1", "exact_lines", "exact_match", "frame_accuracy", "macro_f1",
    "mean_average_precision", "micro_f1", "r2", "segment_f1",
}  # fmt: skip
_NO_GOAL = {"slope", "slope_low", "slope_high"}
_COVERAGE = "coverage_"


def goal(score: str) -> Literal["low", "high"] | float | None:
    """`low` or `high`, whichever is better, or the target value; None for scores without a goal.

    The target of `coverage_80` is 0.8.
    """
    if score.startswith(_COVERAGE):
        return int(score.removeprefix(_COVERAGE)) / 100
    if score in _NO_GOAL:
        return None
    return "high" if score in _HIGHER_IS_BETTER else "low"


def best_value(score: str, values: list[float]) -> float | None:
    """The best of at least two values; None for fewer values, or a score without a goal."""
    target = goal(score)
    if target is None or len(values) < 2:
        return None
    if isinstance(target, str):
        return min(values) if target == "low" else max(values)
    return min(values, key=lambda value: abs(value - target))
