"""New data of a trained forecast: read by its columns, and joined to the series of the run that they continue."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.errors import DataError
from echoic.jobs.forecast.task import ForecastTask
from echoic.sources import Dataset, read, source_kind
from echoic.sources.roles import NO_TIME
from echoic.types import Covariates, Series
from echoic.types.frequency import SINGLE
from echoic.windows import Ranges, full_ranges

_NAMED = ("csv", "parquet", "dataframe")
"""Kinds of data whose columns have names."""

_ROUNDING = {4: 1e-6, 8: 1e-9}
"""Of values with so many bytes, relative to their size; runs used to keep their series in float32."""


def read_new(task: ForecastTask, data: Any) -> Dataset:
    """New data with the columns of the run; others are ignored.

    Raises:
        DataError: the data cannot be read, lack a column, or their times have a zone where those of the run have none.
    """
    settings, features = task.settings.data, task.series[0].features
    if source_kind(data, settings) in _NAMED and settings.format != "m4":
        # Dates of a run without times would be those of another column.
        time = settings.time if task.series[0].time.start is not None else NO_TIME
        settings = settings.model_copy(update={"target": features, "time": time})
    dataset = read(data, settings)
    task.check_columns(dataset.series[0])
    _check_zone(task.series[0], dataset.series[0])
    return dataset


@final
@dataclass(frozen=True, eq=False)
class JoinedSeries:
    """New series, with the steps of the run before those that go on where one of the run's series ends.

    `continued` is the number of that series, or -1.
    """

    series: tuple[Series, ...]
    continued: Tensor
    own_steps: Tensor
    """Steps that the run has of each continued series; 0 of others."""

    @classmethod
    def of(cls, own: Sequence[Series], new: Sequence[Series], *, without_times: bool = False) -> Self:
        """Joins `new` series to the `own` ones of the run.

        Series are matched by name; a single series with timestamps matches that of a run with a single one, because a
        wide table is named after its file. Series continue if they have rows after the end of the run's, and if the
        rows that both have are equal. Without timestamps, they continue by name if `without_times`.

        Raises:
            DataError: a series of a single time continues none, so that its frequency is unknown.
        """
        joined, continued = [], []
        for number, one in _matched(own, new):
            before = own[number] if number >= 0 else None
            step = None if before is None else _first_step(before, one, without_times=without_times)
            if before is None or step is None:
                _check_frequency(one)
                if before is not None:
                    _warn_of_gap(before, one)
                joined.append(one)
                continued.append(-1)
            else:
                joined.append(_appended(before, one, step))
                continued.append(number)
        own_steps = [own[number].steps if number >= 0 else 0 for number in continued]
        return cls(tuple(joined), torch.tensor(continued), torch.tensor(own_steps))

    @property
    def new_rows(self) -> Ranges:
        """The rows of each series in a panel of all that the run has not."""
        ranges = full_ranges(self.series)
        return Ranges(ranges.begin + self.own_steps, ranges.end)

    def ends(self, own_ends: Tensor, context: int) -> Tensor:
        """The rows up to which the run has used each series, from the steps `own_ends` of its own.

        Of a series that is new to the run, this is the first look-back.
        """
        ranges = full_ranges(self.series)
        steps = torch.where(self.continued >= 0, own_ends[self.continued], context)
        return torch.minimum(ranges.begin + steps, ranges.end)


def _matched(own: Sequence[Series], new: Sequence[Series]) -> Iterator[tuple[int, Series]]:
    """Each new series, and the number of the run's series that it may continue, or -1."""
    known = {one.name: number for number, one in enumerate(own)}
    if len(own) == len(new) == 1 and new[0].time.start is not None:
        known = {new[0].name: 0}
    return ((known.get(one.name, -1), one) for one in new)


def _first_step(before: Series, after: Series, *, without_times: bool) -> int | None:
    """The step of `before` at which `after` begins; None if `after` does not continue it."""
    if before.time.start is None or after.time.start is None:
        continues = without_times and before.time.start is None and after.time.start is None
        return before.steps if continues else None
    if before.time.has_dates != after.time.has_dates:
        return None
    known = before.time.times(np.arange(before.steps + 1))
    times = after.time.times(np.arange(after.steps))
    step = int(np.searchsorted(known, times[0]))
    if step + after.steps <= before.steps or step > before.steps:
        return None
    spread = np.nanstd(before.values.astype(np.float64), axis=0)
    is_on_grid = np.array_equal(before.time.times(step + np.arange(after.steps)), times)
    return step if is_on_grid and _are_equal(before.values[step:], after.values, spread) else None


def _warn_of_gap(before: Series, after: Series) -> None:
    """Warns if `after` begins so soon after the end of `before` that it seems meant to continue it."""
    if before.time.start is None or after.time.start is None or before.time.has_dates != after.time.has_dates:
        return
    first, ahead = after.time.times(np.arange(1))[0], np.arange(before.steps, 2 * before.steps + 1)
    missing = int(np.searchsorted(before.time.times(ahead), first))
    if 0 < missing < before.steps:
        rows = "1 row is" if missing == 1 else f"{missing:,} rows are"
        warnings.warn(
            f"{after.origin}: {rows} missing between the data of the run and {after.name!r}, which is forecast without "
            "them as a series of its own; add the rows to continue the run's.",
            stacklevel=2,
        )


def _are_equal(before: NDArray[Any], after: NDArray[Any], spread: NDArray[Any]) -> bool:
    """Whether the rows that both have are equal, but for missing values and rounding."""
    both = min(len(before), len(after))
    one, other = before[:both], after[:both]
    same = np.abs(one - other) <= _ROUNDING[before.dtype.itemsize] * np.abs(one) + 1e-5 * spread
    return bool((same | np.isnan(one) | np.isnan(other)).all())


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


def _check_frequency(one: Series) -> None:
    if one.time.frequency == SINGLE:
        raise DataError(
            f"{one.origin}: {one.name!r} has a single time, which does not show the distance between steps, and "
            "does not continue a series of the run; give at least two rows."
        )


def _appended(before: Series, after: Series, step: int) -> Series:
    """The steps of `before` up to `step`, then `after`, under its name."""
    old, new = before.covariates, after.covariates
    covariates = Covariates(
        past=np.concatenate([old.past[:step], new.past]) if old.past_names else new.past,
        past_names=old.past_names,
        future=np.concatenate([old.future[:step], new.future]) if old.future_names else new.future,
        future_names=old.future_names,
        static=old.static,
        static_names=old.static_names,
    )
    values = np.concatenate([before.values[:step], after.values])
    time = before.time.in_zone(after.time.zone)
    return replace(before, name=after.name, values=values, time=time, covariates=covariates, origin=after.origin)
