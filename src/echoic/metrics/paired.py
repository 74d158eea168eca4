"""How sure a difference between two methods is that were scored on the same test items."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

Errors = Float[NDArray[np.float64], "items"]
"""The error of each item, or the sum of the errors of its values."""

Groups = Int[NDArray[np.int64], "items"]
"""The number of each item's group: items of one group depend on each other."""

MIN_ITEMS = 6
"""Fewer differences may all have one sign by chance, more often than once in twenty times (sign test)."""

_CLEAR = 2.0
"""A difference of more standard errors is clear."""


class Lead(NamedTuple):
    """The mean error of the baseline minus the model's own: above 0, the model is better.

    `standard_error` is that of the mean, None for a single item. `items` are independent of each other (groups, where
    there are some); the errors of `differing` of them differ.
    """

    mean: float
    standard_error: float | None
    items: int
    differing: int

    @property
    def in_standard_errors(self) -> float:
        """The lead in units of its standard error; 0 where that is unknown."""
        if self.mean == 0 or self.standard_error is None:
            return 0.0
        return self.mean / self.standard_error if self.standard_error else math.copysign(math.inf, self.mean)

    @property
    def outcome(self) -> Literal["better", "worse", "not distinguishable"]:
        """The model against the baseline: by more than two standard errors, in at least `MIN_ITEMS` items."""
        if self.differing < MIN_ITEMS or abs(self.in_standard_errors) <= _CLEAR:
            return "not distinguishable"
        return "better" if self.mean > 0 else "worse"

    @property
    def too_few(self) -> bool:
        """Whether only the number of items keeps the outcome open: their errors differ by more than chance explains."""
        clear = self.standard_error is None or abs(self.in_standard_errors) > _CLEAR
        return self.mean != 0 and self.differing < MIN_ITEMS and clear


def lead(
    own_errors: Errors, baseline_errors: Errors, sizes: Errors | None = None, groups: Groups | None = None
) -> Lead:
    """The lead of a model over a baseline, by their errors on the same items.

    Args:
        own_errors: the model's error on each item.
        baseline_errors: the baseline's on the same items.
        sizes: the number of values whose errors each item sums up; by default 1.
        groups: items of one group count as one, because they depend on each other; by default every item is alone.
    """
    sizes = np.ones(len(own_errors)) if sizes is None else sizes
    differences = baseline_errors - own_errors
    if groups is not None:
        differences, sizes = (np.bincount(groups, values).astype(np.float64) for values in (differences, sizes))
    differences, sizes = differences[sizes > 0], sizes[sizes > 0]
    count, total = len(differences), float(sizes.sum())
    mean = float(differences.sum()) / total
    differing = int(np.count_nonzero(differences))
    if count < 2:
        return Lead(mean, None, count, differing)
    squares = float(np.square(differences - mean * sizes).sum())
    return Lead(mean, math.sqrt(squares * count / (count - 1)) / total, count, differing)


@final
@dataclass(frozen=True, eq=False)
class ItemErrors:
    """Errors of a model and of each baseline, in the headline score, on the same items; see `lead`.

    `unit` names the independent items in the plural, such as `clips`.
    """

    unit: str
    own: NDArray[np.float64]
    baselines: Mapping[str, NDArray[np.float64]]
    sizes: NDArray[np.float64] | None = None
    groups: NDArray[np.int64] | None = None

    def lead_over(self, baseline: str) -> Lead:
        """The model's lead over a baseline."""
        return lead(self.own, self.baselines[baseline], self.sizes, self.groups)


def joined(parts: Sequence[ItemErrors]) -> ItemErrors | None:
    """The items of all parts, whose groups do not overlap; None without any part."""
    if not parts:
        return None
    groups, first = list[NDArray[np.int64]](), 0
    for part in parts:
        own = np.arange(len(part.own)) if part.groups is None else part.groups
        groups.append(own + first)
        first = int(groups[-1].max()) + 1
    sizes = [np.ones(len(part.own)) if part.sizes is None else part.sizes for part in parts]
    return ItemErrors(
        parts[0].unit,
        np.concatenate([part.own for part in parts]),
        {name: np.concatenate([part.baselines[name] for part in parts]) for name in parts[0].baselines},
        np.concatenate(sizes),
        np.concatenate(groups),
    )


def group_numbers(names: Sequence[str | None]) -> NDArray[np.int64] | None:
    """The number of the group of each item; items without a name (None) are alone. None without any name."""
    if not any(names):
        return None
    numbers: dict[tuple[str | None, int], int] = {}
    keys = [(name, -1) if name is not None else (None, place) for place, name in enumerate(names)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)
