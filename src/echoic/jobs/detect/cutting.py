"""Few recordings, cut in time into train, dev and test."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import get_args

from echoic.config.split import DEFAULT_FRACTIONS
from echoic.sources import DatasetLike, Report
from echoic.types import Event, Series
from echoic.types.annotations import SplitName


class CutDataset:
    """A dataset whose recordings are cut in time by `fractions` where they are too few to be assigned as a whole.

    Too few are fewer than there are splits with a fraction above 0. Recordings that have a split remain as they are.
    """

    def __init__(self, dataset: DatasetLike, fractions: Sequence[float] | None) -> None:
        self._dataset = dataset
        self._fractions = fractions or DEFAULT_FRACTIONS

    @property
    def is_cut(self) -> bool:
        """Whether the recordings are too few, and have no split."""
        series, splits = self._dataset.series, sum(fraction > 0 for fraction in self._fractions)
        return len(series) < splits and not any(one.annotations.split for one in series)

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The recordings, or their parts that are not empty."""
        if not self.is_cut:
            return self._dataset.series
        return tuple(part for one in self._dataset.series for part in _parts(one, self._fractions))

    @property
    def report(self) -> Report:
        """Counts and notes."""
        return self._dataset.report

    @property
    def fingerprint(self) -> str:
        """A SHA-256 in hex of the data."""
        return self._dataset.fingerprint

    @property
    def origin(self) -> str:
        """The place of the data."""
        return self._dataset.origin

    @property
    def kept(self) -> tuple[Series, ...] | None:
        """The series that a run folder has copies of."""
        return self._dataset.kept


def _parts(one: Series, fractions: Sequence[float]) -> list[Series]:
    ends = [round(one.steps * min(1.0, sum(fractions[: number + 1]))) for number in range(3)]
    spans = zip(get_args(SplitName), [0, *ends], ends, strict=False)
    return [_part(one, split, begin, end) for split, begin, end in spans if begin < end]


def _part(one: Series, split: SplitName, begin: int, end: int) -> Series:
    rate_hz = one.annotations.steps_per_s or 1.0
    begin_s, length_s = begin / rate_hz, (end - begin) / rate_hz
    moved = (
        Event(max(0.0, event.onset_s - begin_s), min(length_s, event.offset_s - begin_s), event.label)
        for event in one.annotations.events or ()
    )
    events = tuple(event for event in moved if event.onset_s < event.offset_s)
    annotations = replace(one.annotations, split=split, group=None, events=events)
    name = f"{one.name}, {split}"
    return replace(one, name=name, values=one.values[begin:end], annotations=annotations)
