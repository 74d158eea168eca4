"""The part of new data to score, where the data say which it is."""

import warnings
from collections.abc import Sequence

from echoic.types import Series


def scored_part(series: Sequence[Series], content: str) -> Sequence[Series]:
    """Those of new data that their layout assigns to the test split, with a warning; all where it assigns none.

    Args:
        series: the new data, read.
        content: what the series are, in plural.
    """
    test = [one for one in series if one.annotations.split == "test"]
    if len(test) in {0, len(series)}:
        return series
    warnings.warn(
        f"The new data assign splits: only their test split is scored, {len(test):,} of {len(series):,} {content}.",
        stacklevel=2,
    )
    return test
