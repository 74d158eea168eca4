"""Datasets: series with a report and a fingerprint."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, final

from echoic.errors import DataError
from echoic.sources.counts import CountsReport
from echoic.sources.paths import check_path
from echoic.types import Series
from echoic.types.counted import were

_WITHOUT_ROW = ("step without a row", "steps without a row")
_WITHOUT_TARGETS = ("row without targets", "rows without targets")


class Report(Protocol):
    """Counts of the data and notes."""

    @property
    def skipped(self) -> tuple[str, ...]:
        """A sentence for each input that could not be used and was left out."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Noteworthy facts, one sentence each."""

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""


@dataclass(frozen=True)
class DataReport(CountsReport):
    """Counts of the data, and the changes made to them.

    `missing` counts empty cells of each target and covariate as read. `steps` is the total length of all series,
    including rows inserted for gaps; `values` is the number of values that are not missing. `coarse` columns hold
    numbers of a type with too few digits for how little they vary. `placeholders` are numbers that look like ones for
    missing values, with their columns and how often they are there. `found_time` is the column of the times if it was
    found instead of named.
    """

    noun = "Series"

    rows: int
    series: int
    steps: int
    values: int
    missing: Mapping[str, int]
    inserted_rows: int = 0
    combined_rows: int = 0
    zero_rows: int = 0
    reordered_rows: int = 0
    future_rows: int = 0
    constant: tuple[str, ...] = ()
    coarse: tuple[str, ...] = ()
    placeholders: tuple[tuple[str, float, int], ...] = ()
    ignored: tuple[str, ...] = ()
    frequencies: tuple[str, ...] = ()
    encoding: str | None = None
    bom: bool = False
    blank_lines: int = 0
    zones: tuple[str, ...] = ()
    found_time: str | None = None
    skipped: tuple[str, ...] = ()

    @property
    def candidates(self) -> Mapping[str, Any]:
        """Sentences, and whether each applies to the data."""
        missing = ", ".join(f"{count} in {name!r}" for name, count in self.missing.items() if count)
        placeholders = ", ".join(f"{number:.10g} in {name!r} ({count:,})" for name, number, count in self.placeholders)
        return {
            f"Times: column {self.found_time!r}, the only one that holds dates (--time none counts steps).": (
                self.found_time
            ),
            f"Missing cells: {missing}.": missing,
            f"{were(self.inserted_rows, 'row')} inserted as missing values to fill gaps in time.": self.inserted_rows,
            f"{were(self.zero_rows, *_WITHOUT_ROW)} inserted with a value of 0.": self.zero_rows,
            f"{were(self.combined_rows, 'row')} combined with others of the same step.": self.combined_rows,
            f"{were(self.reordered_rows, 'row')} moved by sorting them by time.": self.reordered_rows,
            f"{were(self.future_rows, *_WITHOUT_TARGETS)} kept as known future.": self.future_rows,
            f"Constant columns: {', '.join(self.constant)}.": self.constant,
            f"Too few digits: {', '.join(self.coarse)}; neighbouring numbers of their type differ by more than a "
            "hundredth of the deviation of the values; give them as float64 or smaller numbers.": self.coarse,
            f"Far from all other numbers: {placeholders}; if that stands for missing values, "
            "leave those cells empty.": placeholders,
            f"Ignored columns: {', '.join(self.ignored)}.": self.ignored,
            f"The series differ in frequency: {', '.join(self.frequencies)}.": len(self.frequencies) > 1,
            "A UTF-8 byte order mark was removed.": self.bom,
            f"{were(self.blank_lines, 'blank line')} skipped.": self.blank_lines,
            f"Time zone: {', '.join(self.zones)}.": self.zones,
        }

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        return super().to_json() | {"missing": dict(self.missing)}


@dataclass(frozen=True)
class Dataset:
    """The series of one source.

    `fingerprint` is a SHA-256 in hex: of a file's bytes as stored, of the contents for data in memory, of name and
    parameters for a synthetic signal. `origin` is the place of the data.
    """

    series: tuple[Series, ...]
    report: Report
    fingerprint: str
    origin: str

    @property
    def kept(self) -> None:
        """No copies: the series themselves are here."""


class DatasetLike(Protocol):
    """A dataset, read already or on first use."""

    @property
    def series(self) -> tuple[Series, ...]:
        """All series."""

    @property
    def report(self) -> Report:
        """Counts and notes."""

    @property
    def fingerprint(self) -> str:
        """A SHA-256 in hex of the data."""

    @property
    def origin(self) -> str:
        """The place of the data."""

    @property
    def kept(self) -> tuple[Series, ...] | None:
        """The series that a run folder has copies of (`Task.kept_series`); None without a folder or copies."""


def as_path(data: Any) -> Path:
    """`data` as a path.

    Raises:
        DataError: it is none, or no system could have such a path.
    """
    if not isinstance(data, str | Path):
        raise DataError(f"Expected the path of one file or folder, got {type(data).__name__}.")
    check_path(data)
    return Path(data)


@final
class LazyDataset:
    """A dataset that is read on first use; its attributes raise the errors of `read`, or of `read_kept`."""

    def __init__(self, read: Callable[[], Dataset], read_kept: Callable[[], tuple[Series, ...] | None]) -> None:
        self._read = read
        self._read_kept = read_kept

    @cached_property
    def _dataset(self) -> Dataset:
        return self._read()

    @cached_property
    def kept(self) -> tuple[Series, ...] | None:
        """The series that the run folder has copies of; None without copies."""
        return self._read_kept()

    @property
    def series(self) -> tuple[Series, ...]:
        """All series."""
        return self._dataset.series

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


def fingerprint_of(series: Sequence[Series]) -> str:
    """SHA-256 in hex of names, times, values and covariates."""
    digest = hashlib.sha256()
    for one in series:
        covariates = one.covariates
        metadata = [
            one.name,
            one.features,
            one.time.to_json(),
            covariates.past_names,
            covariates.future_names,
            covariates.static_names,
        ]
        digest.update(json.dumps(metadata).encode())
        for array in (one.values, covariates.past, covariates.future, covariates.static):
            digest.update(repr(array.shape).encode() + array.tobytes())
    return digest.hexdigest()


def fingerprint_of_annotated(series: Sequence[Series]) -> str:
    """SHA-256 in hex of names, annotations and values."""
    digest = hashlib.sha256()
    for one in series:
        digest.update(repr((one.name, one.annotations, one.values.shape)).encode())
        digest.update(one.values.tobytes())
    return digest.hexdigest()
