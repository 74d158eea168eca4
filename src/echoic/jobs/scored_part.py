"""The part of new data to score, where the data say which it is."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from echoic.types import Series


class ScoredPart(NamedTuple):
    """The series of new data that are scored, and a note if those are not all."""

    series: Sequence[Series]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, series: Sequence[Series], content: str) -> Self:
        """The series that the layout of new data assigns to the test split; all where it assigns none to it.

        Args:
            series: the new data, read.
            content: what the series are, in plural.
        """
        test = [one for one in series if one.annotations.split == "test"]
        if len(test) in {0, len(series)}:
            return cls(series)
        counts = f"{len(test):,} of {len(series):,} {content}"
        return cls(test, (f"The new data assign splits: only their test split is scored, {counts}.",))
