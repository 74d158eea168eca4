"""Pairs in tables: columns that go in, and columns to predict."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from echoic import sources
from echoic.config.map import MapDataSettings
from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources.base import DataReport, Dataset
from echoic.sources.memory import ORIGIN
from echoic.sources.pairs import ReadPairs, dataset_of, with_dev_and_test
from echoic.sources.pairs.joining import distinct
from echoic.types import Series


def read(data: Any, settings: MapDataSettings) -> Dataset:
    """The series of a table (CSV, Parquet, or a DataFrame) with targets as values and inputs as past covariates.

    Raises:
        DataError: the table cannot be read, or a column is missing.
        ConfigError: no targets are named.
    """
    if isinstance(data, str | Path):
        return with_dev_and_test(data, settings, read_pairs)
    return dataset_of(read_pairs(data, settings), ORIGIN, settings)


def read_pairs(data: Any, settings: MapDataSettings) -> ReadPairs:
    """The series of one table."""
    if not settings.targets:
        raise ConfigError("`targets` is missing: name the columns to predict, as --targets quality.")
    distinct(settings.inputs, settings.targets, str(data) if isinstance(data, str | Path) else ORIGIN)
    table = table_settings(settings)
    found = _with_inputs(data, table, settings.inputs)
    if not settings.inputs:
        found = _with_inputs(data, table, _others(found), ", or name the columns that go in with --inputs")
    return ReadPairs(list(map(_with_rate, found.series)), _notes(found), found.report.skipped)


def _with_inputs(data: Any, table: TableSettings, inputs: tuple[str, ...], remedy: str = "") -> Dataset:
    """The table with these inputs as past covariates; `remedy` ends its errors."""
    try:
        return sources.read(data, table.model_copy(update={"past_covariates": inputs}))
    except DataError as error:
        sentence = str(error).replace("covariates must be", "inputs must be").rstrip(".")
        raise DataError(f"{sentence}{remedy}.") from None


def read_inputs(data: Any, settings: MapDataSettings) -> list[Series]:
    """The series of a table with the inputs as values; it needs no targets.

    Raises:
        DataError: as for `read`.
    """
    table = table_settings(settings).model_copy(update={"target": settings.inputs})
    return list(map(_with_rate, sources.read_new(data, table).series))


def table_settings(settings: MapDataSettings) -> TableSettings:
    """The settings of a table with these targets."""
    of_times = ("time", "date_format", "gaps", "freq", "time_zone", "sort")
    shared = (*of_times, "id", "decimal", "delimiter", "encoding", "on_error")
    return TableSettings(target=settings.targets, **{name: getattr(settings, name) for name in shared})


def _others(found: Dataset) -> tuple[str, ...]:
    """The columns without a role."""
    report = found.report
    others = report.ignored if isinstance(report, DataReport) else ()
    if not others:
        raise DataError(f"{found.origin}: no column is left to go in; name some with --inputs.")
    return tuple(others)


def _notes(found: Dataset) -> tuple[str, ...]:
    return tuple(note for note in found.report.notes if not note.startswith("Series skipped"))


def _with_rate(one: Series) -> Series:
    """The series, with steps per second where its times say so."""
    if not one.time.has_dates or one.steps < 2:
        return one
    first, second = one.time.times(np.arange(2))
    seconds = float((second - first) / np.timedelta64(1, "us")) / 1e6
    return replace(one, annotations=replace(one.annotations, step_rate_hz=1 / seconds)) if seconds > 0 else one
