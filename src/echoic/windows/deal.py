"""Whole series dealt to train, dev and test, where a series is one piece: a song, a clip."""

from collections.abc import Sequence

import torch

from echoic.config.split import are_fractions
from echoic.errors import DataError
from echoic.types import Series
from echoic.windows.splits import PARTS, Ranges, whole

Counts = tuple[float, float, float] | tuple[int, int, int]

DEFAULT: Counts = (0.8, 0.1, 0.1)

_DEAL_SEED = 0
"""One deal for everyone: runs with other seeds must be comparable."""


def deal(series: Sequence[Series], rule: Counts | None) -> dict[str, list[int]]:
    """The numbers of the series that belong to each part.

    Without a rule a series goes to the part that its source names; if the source names none, by `DEFAULT`. Dealing is
    random, the same for the same number of series.

    Raises:
        DataError: there are too few series, or none for training.
    """
    given = [one.provenance.get("part") for one in series]
    if rule is None and any(given):
        parts = {part: [at for at, name in enumerate(given) if name == part] for part in PARTS}
    else:
        parts = _dealt(len(series), rule or DEFAULT, series[0].origin)
    if not parts["train"]:
        raise DataError(f"{series[0].origin}: nothing is left for training; choose another --split.")
    return parts


def _dealt(count: int, rule: Counts, origin: str) -> dict[str, list[int]]:
    sizes = _sizes(count, rule)
    if min(sizes) < 0 or sum(sizes) > count:
        raise DataError(f"{origin}: {count} pieces are too few for the split {rule}; choose another --split.")
    order = torch.randperm(count, generator=torch.Generator().manual_seed(_DEAL_SEED)).tolist()
    parts = torch.split(torch.tensor(order), [*sizes, count - sum(sizes)])
    return {part: sorted(numbers.tolist()) for part, numbers in zip(PARTS, parts, strict=False)}


def _sizes(count: int, rule: Counts) -> list[int]:
    """Pieces in each part; a part whose share is not zero gets one at least."""
    if not are_fractions(*rule):
        return [int(size) for size in rule]
    dev, test = (max(1, round(share * count)) if share else 0 for share in rule[1:])
    return [min(count - dev - test, max(1, round(rule[0] * count))), dev, test]


def ranges_of(series: Sequence[Series], chosen: Sequence[int]) -> Ranges:
    """All steps of the chosen series, as rows of a table of all."""
    rows = whole(series)
    numbers = torch.tensor(chosen, dtype=torch.long)
    return Ranges(rows.begin[numbers], rows.end[numbers])
