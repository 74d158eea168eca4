"""Whole numbers in the index of pandas, without importing it."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class IndexNumbers(NamedTuple):
    """The numbers of an index without a name that does more than count the rows from 0."""

    numbers: NDArray[np.int64]

    @classmethod
    def of(cls, data: Any) -> Self | None:
        """Those of a DataFrame or a column of pandas; None for other data, other indices, and 0, 1, 2, ..."""
        index: Any = getattr(data, "index", None)
        is_whole = getattr(getattr(index, "dtype", None), "kind", None) in {"i", "u"}
        if not hasattr(index, "to_frame") or not is_whole or index.name is not None:
            return None
        numbers = index.to_numpy().astype(np.int64)
        return None if np.array_equal(numbers, np.arange(len(numbers))) else cls(numbers)

    @property
    def are_even(self) -> bool:
        """Whether they rise by the same number from row to row: those of a filtered or sorted table do not."""
        distances = np.diff(self.numbers)
        return bool((distances > 0).all() and (distances == distances[:1]).all())

    @property
    def is_part(self) -> bool:
        """Whether they may be those of the last rows of a longer table."""
        return self.are_even and bool((np.diff(self.numbers) == 1).all() and self.numbers[0] > 0)
