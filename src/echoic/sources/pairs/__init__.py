"""Pairs of an input and a target signal: tables, sound, and named arrays, with further data for dev and test.

Every series has its targets as values and its inputs as past covariates. Where the two have different rates, of which
one divides the other, slow inputs are held and slow targets are missing between their steps.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from echoic.config.map import MapDataSettings
from echoic.errors import DataError
from echoic.sources.base import Dataset, fingerprint_of
from echoic.sources.counts import CountsReport
from echoic.types import Series
from echoic.types.annotations import SplitName


class ReadPairs(NamedTuple):
    """Series of pairs as read, notes on them, and a sentence for each pair that was left out."""

    series: list[Series]
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class PairReport(CountsReport):
    """Counts of the pairs, and notes on how they were read."""

    noun = "Pairs"

    series: int
    steps: int
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    rate_hz: float | None
    facts: tuple[str, ...]
    skipped: tuple[str, ...]

    @property
    def candidates(self) -> Mapping[str, Any]:
        """The notes on reading."""
        return dict.fromkeys(self.facts, True)


Reader = Callable[[Path, MapDataSettings], ReadPairs]


def with_dev_and_test(data: Any, settings: MapDataSettings, read_one: Reader) -> Dataset:
    """The pairs of `data`, and those of the settings' `dev` and `test`, annotated with their splits.

    Raises:
        DataError: a place cannot be read, or has other inputs or targets than the first.
    """
    if not isinstance(data, str | Path):
        raise DataError("Pairs are read from one file or folder; put the files into one folder.")
    main = read_one(Path(data), settings)
    if not main.series:
        raise DataError(f"{data} has no pair that can be used; add some.")
    first = main.series[0]
    known = settings.model_copy(
        update={"inputs": first.covariates.past_names, "rate_hz": settings.rate_hz or first.annotations.rate_hz}
        | ({} if is_sound(first) else {"targets": first.features})
    )
    series, notes, skipped = list(main.series), list(main.notes), list(main.skipped)
    places: dict[SplitName, Path | None] = {"dev": settings.dev, "test": settings.test}
    for split, place in places.items():
        if place is None:
            continue
        more = read_one(place, known)
        series += [replace(one, annotations=replace(one.annotations, split=split)) for one in more.series]
        notes += [f"{place.name}: {note}" for note in more.notes]
        skipped += more.skipped
    return dataset_of(ReadPairs(series, tuple(notes), tuple(skipped)), str(data), settings)


def dataset_of(found: ReadPairs, origin: str, settings: MapDataSettings) -> Dataset:
    """The pairs with their counts.

    Raises:
        DataError: they differ in their inputs or targets.
    """
    first = found.series[0]
    for one in found.series:
        names, expected = (names_of(other) for other in (one, first))
        if names != expected:
            raise DataError(
                f"{one.origin} has {_listed(*names)}, but {first.origin} has {_listed(*expected)}; give the same."
            )
    report = PairReport(
        len(found.series),
        sum(one.steps for one in found.series),
        first.covariates.past_names,
        first.features,
        rate_of(first, settings),
        found.notes,
        found.skipped,
    )
    return Dataset(tuple(found.series), report, _fingerprint(found.series), origin)


def names_of(series: Series) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of inputs and of targets."""
    return series.covariates.past_names, series.features


def is_sound(series: Series) -> bool:
    """Whether the signals are sound."""
    return series.annotations.rate_hz is not None


def rate_of(series: Series, settings: MapDataSettings) -> float | None:
    """Steps per second: of sound, by the settings, or by the times; None if nothing says."""
    return series.annotations.steps_per_s or settings.rate_hz


def _fingerprint(series: Sequence[Series]) -> str:
    """SHA-256 in hex of values, times and splits; a file that holds one series may be renamed."""
    splits = [one.annotations.split for one in series]
    unnamed = [one if splits.count(one.annotations.split) > 1 else replace(one, name="") for one in series]
    return hashlib.sha256(f"{fingerprint_of(unnamed)}{splits}".encode()).hexdigest()


def _listed(inputs: Sequence[str], targets: Sequence[str]) -> str:
    return f"the inputs {', '.join(inputs)} and the targets {', '.join(targets)}"
