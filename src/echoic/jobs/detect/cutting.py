"""A single recording of sensors, cut in time into train, dev and test."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import get_args

from echoic.config.split import DEFAULT_FRACTIONS
from echoic.sources import DatasetLike, Report
from echoic.types import Event, Series
from echoic.types.annotations import SplitName


class CutDataset:
    """A dataset whose only recording, if it has one and no split, is cut in this order by `fractions`."""

    def __init__(self, dataset: DatasetLike, fractions: Sequence[float] | None) -> None:
        self._dataset = dataset
        self._fractions = fractions or DEFAULT_FRACTIONS

    @property
    def is_cut(self) -> bool:
        """Whether there is a single recording without a split."""
        series = self._dataset.series
        return len(series) == 1 and series[0].annotations.split is None

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The recordings, or the parts of the only one that are not empty."""
        if not self.is_cut:
            return self._dataset.series
        (one,) = self._dataset.series
        ends = [round(one.steps * min(1.0, sum(self._fractions[: number + 1]))) for number in range(3)]
        spans = zip(get_args(SplitName), [0, *ends], ends, strict=False)
        return tuple(_part(one, split, begin, end) for split, begin, end in spans if begin < end)

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


def _part(one: Series, split: SplitName, begin: int, end: int) -> Series:
    rate_hz = one.annotations.steps_per_s or 1.0
    begin_s, length_s = begin / rate_hz, (end - begin) / rate_hz
    moved = (
        Event(max(0.0, event.onset_s - begin_s), min(length_s, event.offset_s - begin_s), event.label)
        for event in one.annotations.events or ()
    )
    annotations = replace(one.annotations, split=split, events=tuple(e for e in moved if e.onset_s < e.offset_s))
    name = f"{one.name}, {split}"
    return replace(one, name=name, values=one.values[begin:end], annotations=annotations)
