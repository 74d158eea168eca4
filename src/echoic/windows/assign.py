"""Whole series dealt to train, dev and test, where a series is one piece: a song, a clip."""

from collections.abc import Sequence

import torch

from echoic.config.split import are_fractions
from echoic.errors import DataError
from echoic.types import Series
from echoic.windows.splits import SPLITS, Ranges, full_ranges

SplitSizes = tuple[float, float, float] | tuple[int, int, int]

DEFAULT_FRACTIONS: SplitSizes = (0.8, 0.1, 0.1)

_SPLIT_SEED = 0
"""One deal for everyone: runs with other seeds must be comparable."""


def assign_splits(series: Sequence[Series], rule: SplitSizes | None) -> dict[str, list[int]]:
    """The numbers of the series that belong to each part.

    Without a rule a series goes to the part that its source names; if the source names none, by `DEFAULT_FRACTIONS`.
    Dealing is random, the same for the same number of series.

    Raises:
        DataError: there are too few series, or none for training.
    """
    from_source = [one.annotations.split for one in series]
    if rule is None and any(from_source):
        splits = {split: [at for at, name in enumerate(from_source) if name == split] for split in SPLITS}
    else:
        splits = _assigned_at_random(len(series), rule or DEFAULT_FRACTIONS, series[0].origin)
    if not splits["train"]:
        raise DataError(f"{series[0].origin}: nothing is left for training; choose another --split.")
    return splits


def _assigned_at_random(count: int, rule: SplitSizes, origin: str) -> dict[str, list[int]]:
    sizes = _sizes(count, rule)
    if min(sizes) < 0 or sum(sizes) > count:
        raise DataError(f"{origin}: {count} pieces are too few for the split {rule}; choose another --split.")
    sampler = torch.randperm(count, generator=torch.Generator().manual_seed(_SPLIT_SEED)).tolist()
    splits = torch.split(torch.tensor(sampler), [*sizes, count - sum(sizes)])
    return {split: sorted(indices.tolist()) for split, indices in zip(SPLITS, splits, strict=False)}


def _sizes(count: int, rule: SplitSizes) -> list[int]:
    """Pieces in each part; a part whose share is not zero gets one at least."""
    if not are_fractions(*rule):
        return [int(size) for size in rule]
    dev, test = (max(1, round(fraction * count)) if fraction else 0 for fraction in rule[1:])
    return [min(count - dev - test, max(1, round(rule[0] * count))), dev, test]


def select_ranges(series: Sequence[Series], selected: Sequence[int]) -> Ranges:
    """All steps of the chosen series, as rows of a table of all."""
    rows = full_ranges(series)
    indices = torch.tensor(selected, dtype=torch.long)
    return Ranges(rows.begin[indices], rows.end[indices])
