"""Splits of series by time into train, dev and test."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from echoic.config.split import SplitRule, are_fractions
from echoic.errors import ConfigError, DataError
from echoic.types import Series
from echoic.types.zones import to_utc

_MAX_NAMED = 10
"""Series that an error names."""

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, eq=False)
class Ranges:
    """One range of rows per series, from `begin` to `end` (exclusive)."""

    begin: Tensor
    end: Tensor

    @classmethod
    def from_lengths(cls, lengths: Sequence[int]) -> Self:
        """Contiguous ranges of these lengths, starting at row 0."""
        counts = torch.tensor(lengths, dtype=torch.long)
        ends = counts.cumsum(0)
        return cls(ends - counts, ends)

    @property
    def lengths(self) -> Tensor:
        """Number of steps of each range."""
        return self.end - self.begin

    def spans(self) -> Iterator[tuple[int, int]]:
        """`begin` and `end` of each range."""
        return zip(self.begin.tolist(), self.end.tolist(), strict=True)


def split_series(series: Sequence[Series], rule: SplitRule) -> dict[str, Ranges]:
    """The ranges of train, dev and test in the panel of all `series`.

    `rule` applies to every series: three fractions, three numbers of steps (a first number of 0 means all steps before
    dev), or the two dates on which dev and test begin.

    Raises:
        DataError: a series is shorter than the split, or its train split is empty.
        ConfigError: dates for series without timestamps, or text that is not a date.
    """
    bounds_of_series = _all_split_steps(series, rule)
    offset = 0
    bounds = []
    for one, (train_end, dev_end, test_end) in zip(series, bounds_of_series, strict=True):
        bounds.append([offset, offset + train_end, offset + dev_end, offset + test_end])
        offset += one.steps
    table = torch.tensor(bounds)
    return {split: Ranges(table[:, column], table[:, column + 1]) for column, split in enumerate(SPLITS)}


def full_ranges(series: Sequence[Series]) -> Ranges:
    """All steps of every series."""
    return Ranges.from_lengths([one.steps for one in series])


def merge_ranges(first: Ranges, second: Ranges) -> Ranges:
    """Merges two adjacent splits."""
    return Ranges(first.begin, second.end)


def _all_split_steps(series: Sequence[Series], rule: SplitRule) -> list[tuple[int, int, int]]:
    """`split_steps` of every series; if some but not all are too short, the error names them."""
    bounds, errors = list[tuple[int, int, int]](), list[tuple[Series, DataError]]()
    for one in series:
        try:
            bounds.append(split_steps(one, rule))
        except DataError as error:
            errors.append((one, error))
    if 1 < len(errors) < len(series):
        named = ", ".join(f"{one.name!r} ({one.steps})" for one, _ in errors[:_MAX_NAMED])
        more = f" and {len(errors) - _MAX_NAMED} more" if len(errors) > _MAX_NAMED else ""
        raise DataError(
            f"{series[0].origin}: {len(errors)} of {len(series)} series are too short for the split "
            f"{','.join(map(str, rule))}, by their steps: {named}{more}; leave them out with --on-error skip, or "
            "choose another --split."
        )
    if errors:
        raise errors[0][1]
    return bounds


def split_steps(one: Series, rule: SplitRule) -> tuple[int, int, int]:
    """The steps at which train, dev and test of a series end.

    Raises:
        DataError, ConfigError: as for `split_series`.
    """
    bounds = _split_steps(one, rule)
    if bounds[0] < 1:
        raise DataError(
            f"{one.origin}: the train split of series {one.name!r} is empty ({one.steps} steps, `split` {rule}); "
            "choose another --split."
        )
    return bounds


def _split_steps(one: Series, rule: SplitRule) -> tuple[int, int, int]:
    """As `split_steps`, of which train may be empty."""
    if len(rule) == 2:
        dev_begins, test_begins = (_step_of_date(one, text) for text in rule)
        if dev_begins > test_begins:
            raise ConfigError(f"`split.split`: dev must begin before test, got {rule[0]} and {rule[1]}.")
        return dev_begins, test_begins, one.steps
    train, dev, test = rule
    if are_fractions(train, dev, test):
        bounds = np.floor(np.cumsum([train, dev, test]) * one.steps + 1e-6).astype(int)
        return int(bounds[0]), int(bounds[1]), int(bounds[2])
    dev_steps, test_steps = int(dev), int(test)
    train_end = int(train) or max(0, one.steps - dev_steps - test_steps)
    dev_end = train_end + dev_steps
    test_end = dev_end + test_steps
    if test_end > one.steps:
        raise DataError(
            f"{one.origin}: series {one.name!r} has {one.steps} steps, but the split {train},{dev},{test} requires "
            f"{test_end}; choose another --split."
        )
    return train_end, dev_end, test_end


def _step_of_date(one: Series, text: str) -> int:
    """The first step at or after a date on the clocks of the series, or a whole number."""
    if one.time.start is None:
        raise ConfigError("`split.split` can be dates only for series with timestamps; name their column with --time.")
    try:
        place: Any = np.datetime64(text, "us") if one.time.has_dates else int(text)
    except ValueError:
        wanted = "dates such as 2020-01-31" if one.time.has_dates else "whole numbers, as the times are"
        raise ConfigError(f"`split.split` must be {wanted}, got {text!r}.") from None
    if one.time.zone is not None:
        place = to_utc(np.array([place]), one.time.zone).earliest[0]
    return int(np.searchsorted(one.time.times(np.arange(one.steps)), place))


def empty_split(split: str, origin: str, content: str, remedy: str = "") -> DataError:
    """The error for a split without any `content` (clips, songs of two steps, ...).

    By default the remedy is another rule for splits (train), or to evaluate another split or new data (dev and test).
    """
    if not remedy:
        other = "dev" if split == "test" else "test"
        evaluate = f"evaluate new data, or another split with --split {other}"
        remedy = "choose another --split" if split == "train" else evaluate
    return DataError(f"The {split} split of {origin} is empty: it has no {content}; {remedy}.")
