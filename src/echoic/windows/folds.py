"""Folds of cross-validation."""

from collections.abc import Sequence

from echoic.errors import ConfigError
from echoic.types import Series
from echoic.windows.assign import annotations, stratified


def assign_folds(series: Sequence[Series], count: int, labels: Sequence[tuple[str, ...]]) -> list[str]:
    """The fold of each series: annotated by the source, or one of `count` stratified folds that keep groups together.

    Raises:
        ConfigError: the source annotates a number of folds other than `count`.
        DataError: only some series are annotated.
    """
    given = annotations(series, "fold")
    if any(given):
        names = fold_names([str(fold) for fold in given])
        if len(names) != count:
            raise ConfigError(
                f"`folds` must be {len(names)}, the number of folds in the data ({', '.join(names)}), got {count}."
            )
        return [str(fold) for fold in given]
    assigned = stratified(series, range(len(series)), [1 / count] * count, labels)
    fold_of = {number: str(fold) for fold, numbers in enumerate(assigned, 1) for number in numbers}
    return [fold_of[number] for number in range(len(series))]


def fold_names(folds: Sequence[str]) -> list[str]:
    """The distinct folds in natural order."""
    return sorted(set(folds), key=natural_order)


def natural_order(name: str) -> tuple[bool, float, str]:
    """Sort key that puts numbers first, by value."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name
