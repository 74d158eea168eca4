"""New series joined to those of the run that they continue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.jobs.forecast.overlap import first_step, is_same_series
from echoic.sources.rebinned import rebinned
from echoic.types import Covariates, Series
from echoic.types.frequency import SINGLE
from echoic.types.timebase import INDEX
from echoic.windows import Ranges, full_ranges


@final
@dataclass(frozen=True, eq=False)
class JoinedSeries:
    """New series; those that continue a series of the run have its name and, before them, its steps.

    `continued` is the number of that series, or -1.
    """

    series: tuple[Series, ...]
    continued: Tensor
    own_steps: Tensor
    """Steps of each continued series up to the end of the run's; 0 of others."""
    earlier_steps: Tensor
    """Steps of each continued series before the first of the run's."""

    @classmethod
    def of(cls, own: Sequence[Series], new: Sequence[Series], settings: TableSettings, *, scored: bool = False) -> Self:
        """Joins `new` series to the `own` ones of the run, and warns where rows that both have differ.

        Series are matched by name; a single series with timestamps matches that of a run with a single one, because a
        wide table is named after its file. Series continue if they reach to the end of the run's, without a gap. In
        rows that both have the new values count, unless they show that a single series is another one.

        Args:
            own: the series of the run.
            new: the new series.
            settings: how both were read.
            scored: whether only what the run has not is of use. Series must then go beyond the end of the run's, and
                without timestamps they continue by name.

        Raises:
            DataError: a series of a single time continues none, so that its frequency is unknown.
        """
        joined, placed = list[Series](), list[tuple[int, int, int]]()
        is_named = len(own) > 1 or settings.id is not None
        for number, found in _matched(own, new):
            before = own[number] if number >= 0 else None
            one = found if before is None else rebinned(before, found, settings)
            step = None if before is None else first_step(before, one, scored=scored)
            if before is None or step is None or not is_same_series(before, one, step, is_named=is_named):
                _check_frequency(one)
                joined.append(one)
                placed.append((-1, 0, 0))
            else:
                joined.append(_appended(before, one, step))
                earlier = max(0, -step)
                placed.append((number, before.steps + earlier, earlier))
        return cls(tuple(joined), *torch.tensor(placed).unbind(1))

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
        steps = torch.where(self.continued >= 0, own_ends[self.continued] + self.earlier_steps, context)
        return torch.minimum(ranges.begin + steps, ranges.end)


def _matched(own: Sequence[Series], new: Sequence[Series]) -> Iterator[tuple[int, Series]]:
    """Each new series, and the number of the run's series that it may continue, or -1."""
    known = {one.name: number for number, one in enumerate(own)}
    if len(own) == len(new) == 1 and new[0].time != INDEX:
        known = {new[0].name: 0}
    return ((known.get(one.name, -1), one) for one in new)


def _check_frequency(one: Series) -> None:
    if one.time.frequency == SINGLE:
        raise DataError(
            f"{one.origin}: {one.name!r} has a single time, which does not show the distance between steps, and "
            "does not continue a series of the run; give at least two rows."
        )


def _appended(before: Series, after: Series, step: int) -> Series:
    """The steps of `before` up to `step`, then `after`, under the name of `before`."""
    kept = max(step, 0)
    old, new = before.covariates, after.covariates
    covariates = Covariates(
        past=np.concatenate([old.past[:kept], new.past]) if old.past_names else new.past,
        past_names=old.past_names,
        future=np.concatenate([old.future[:kept], new.future]) if old.future_names else new.future,
        future_names=old.future_names,
        static=old.static,
        static_names=old.static_names,
    )
    values = np.concatenate([before.values[:kept], after.values])
    time = before.time.in_zone(after.time.zone) if step >= 0 else after.time
    return replace(before, values=values, time=time, covariates=covariates, origin=after.origin, rows=after.rows)
