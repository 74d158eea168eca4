"""Notes on missing values of clips and recordings of sensors: the network gets the mean in their place."""

from collections.abc import Sequence

import numpy as np

from echoic.sources.examples import Examples
from echoic.types import Series


def missing_notes(series: Sequence[Series], noun: str) -> tuple[str, ...]:
    """Sentences on the number of missing values (NaN), and on series that have no others; `noun` names one of them."""
    counts = [_missing(one) for one in series]
    some = Examples.of(one.name for one, count in zip(series, counts, strict=True) if count)
    if not some:
        return ()
    total = f"{sum(counts):,} of {sum(one.values.size for one in series):,}"
    filled = f"Missing values are taken as the mean: {total}, in {some.as_text(noun)}."
    return (filled, *empty_notes(series, noun))


def empty_notes(series: Sequence[Series], noun: str) -> tuple[str, ...]:
    """A sentence on series all of whose values are missing, if there are any."""
    empty = Examples.of(one.name for one in series if 0 < one.values.size == _missing(one))
    return (f"All values are missing, so that the result is a guess: {empty.as_text(noun)}.",) if empty else ()


def _missing(one: Series) -> int:
    """The number of missing values; sound has none."""
    return 0 if one.annotations.sound is not None else int(np.isnan(one.values).sum())
