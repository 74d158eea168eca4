"""New data of a trained forecast, read by the columns of the run."""

from dataclasses import replace
from typing import Any

from echoic.errors import DataError
from echoic.jobs.forecast.task import ForecastTask
from echoic.sources import Dataset, source_kind
from echoic.sources import read_new as read
from echoic.sources.index_numbers import IndexNumbers
from echoic.sources.roles import NO_TIME
from echoic.types import Series
from echoic.types.timebase import INDEX

_NAMED = ("csv", "parquet", "monash", "dataframe")
"""Kinds of data whose columns have names."""

_NO_NAMES = {"target": (), "time": None, "id": None}
"""Settings that name columns, which arrays do not have."""


def read_new(task: ForecastTask, data: Any) -> Dataset:
    """New data with the columns of the run; others are ignored. Warns of series that were skipped.

    Raises:
        DataError: the data cannot be read, lack a column, or their times have a zone where those of the run have none.
    """
    settings, features = task.settings.data, task.series[0].features
    kind = source_kind(data, settings)
    if kind in _NAMED and settings.format != "m4":
        # Dates of a run without times would be those of another column.
        time = settings.time if task.series[0].time.start is not None else NO_TIME
        settings = settings.model_copy(update={"target": features, "time": time})
    dataset = (
        _by_position(read(data, settings.model_copy(update=_NO_NAMES)), features)
        if kind == "array"
        else (read(data, settings))
    )
    if task.series[0].time.start is None:
        dataset = _from_index(data, dataset)
    task.check_columns(dataset.series[0])
    _check_zone(task.series[0], dataset.series[0])
    return dataset


def _by_position(dataset: Dataset, features: tuple[str, ...]) -> Dataset:
    """Arrays, whose columns have no names, with those of the run."""
    if len(dataset.series[0].features) != len(features):
        return dataset
    return replace(dataset, series=tuple(replace(one, features=features) for one in dataset.series))


def _from_index(data: Any, dataset: Dataset) -> Dataset:
    """The last rows of a longer table of pandas begin at the step that its index says."""
    numbers = IndexNumbers.of(data)
    if numbers is None or not numbers.is_part or len(dataset.series) > 1:
        return dataset
    (one,) = dataset.series
    return replace(dataset, series=(replace(one, time=INDEX.shift(int(numbers.numbers[0]))),))


def _check_zone(own: Series, new: Series) -> None:
    """Refuses times with a zone beside those of a run without one, and the other way round: they cannot be compared."""
    if not (own.time.has_dates and new.time.has_dates) or (own.time.zone is None) == (new.time.zone is None):
        return
    if own.time.zone is None:
        raise DataError(
            f"{new.origin}: its times are in {new.time.zone}, but those of the run have no time zone; remove the "
            "offset, or train with --time-zone."
        )
    raise DataError(
        f"{new.origin}: its times have no time zone, but those of the run are in {own.time.zone}; write them with an "
        "offset, or train with --time-zone, which is then that of new times, too."
    )
