"""The place of new rows in a series of the run, and rows that both have."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.types import Series
from echoic.types.counted import counted
from echoic.types.frequency import SINGLE, Steps

_ROUNDING = {4: 1e-6, 8: 1e-9}
"""By the bytes of a value, relative to its size; older runs keep their series in float32."""

_ANOTHER = "taken as another series, without the rows of the run before it"
_MOST_DIFFERENT = 1.0
"""Root mean square of the differences of one series from its revision, in its standard deviations, at most."""


def first_step(before: Series, after: Series, *, scored: bool) -> int | None:
    """The step of `before`, the run's, at which `after` begins, negative if earlier; None if it does not continue it.

    Warns of missing rows between the two, and of another frequency. See `JoinedSeries.of` for `scored`.
    """
    is_numbered = before.time.start is None and after.time.start is None and after.time.first_step > 0
    if not is_numbered and (before.time.start is None or after.time.start is None):
        continues = scored and before.time.start is None and after.time.start is None
        return before.steps if continues else None
    if before.time.has_dates != after.time.has_dates:
        return None
    known, times = _times(before, before.steps + 1), _times(after, after.steps)
    earlier = int(np.searchsorted(times, known[0]))
    step = int(np.searchsorted(known, times[0])) if earlier == 0 else -earlier
    if step > before.steps or earlier == after.steps:
        _warn_of_gap(before, after)
        return None
    expected = before.time.times(step + np.arange(after.steps)) if earlier == 0 else known[: after.steps - earlier]
    if not np.array_equal(expected, times[earlier:][: len(expected)]):
        _warn_of_grid(before, after)
        return None
    return step if step + after.steps >= before.steps + scored else None


def is_same_series(before: Series, after: Series, step: int, *, is_named: bool) -> bool:
    """Whether `after`, which begins at `step` of `before`, is that series; warns if rows that both have differ.

    It is by its name (`is_named`); otherwise if at most half of the rows in common differ, or if it begins within the
    run's rows and differs by less than those vary.
    """
    begin, earlier = max(step, 0), max(-step, 0)
    # The last of combined steps had not got all of its rows.
    common = min(before.steps - begin - (before.rows is not None), after.steps - earlier)
    if common <= 0:
        return True
    old, new = before.values[begin:][:common], after.values[earlier:][:common]
    spread = np.nanstd(before.values.astype(np.float64), axis=0)
    differing = _differing(old, new, spread)
    if not len(differing):
        return True
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.nanmean(((new - old) / spread) ** 2) ** 0.5
    is_same = is_named or 2 * len(differing) <= common or (step > 0 and size <= _MOST_DIFFERENT)
    result = "the new values are used" if is_same else f"by more than they vary, so it is {_ANOTHER}"
    first = _shown(after.time.stamps(earlier + differing[:1])[0])
    rows = f"{len(differing):,} of the {common:,} rows" if common > 1 else "the one row"
    verb = "differ" if len(differing) > 1 else "differs"
    warnings.warn(
        f"{after.origin}: {rows} that {after.name!r} shares with the data of the run {verb}, at {first} first; "
        f"{result}.",
        stacklevel=4,
    )
    return is_same


def _times(one: Series, steps: int) -> NDArray[Any]:
    return one.time.times(np.arange(steps))


def _differing(old: NDArray[Any], new: NDArray[Any], spread: NDArray[Any]) -> Steps:
    """The rows that are not equal, but for missing values and rounding."""
    same = np.abs(old - new) <= _ROUNDING[old.dtype.itemsize] * np.abs(old) + 1e-5 * spread
    return np.flatnonzero(~(same | np.isnan(old) | np.isnan(new)).all(axis=1))


def _warn_of_gap(before: Series, after: Series) -> None:
    """Warns if `after` begins so soon after the end of `before` that it seems meant to continue it."""
    first, ahead = _times(after, 1)[0], np.arange(before.steps, 2 * before.steps + 1)
    missing = int(np.searchsorted(before.time.times(ahead), first))
    if 0 < missing < before.steps and after.time.frequency != SINGLE:
        rows = f"{counted(missing, 'row')} {'is' if missing == 1 else 'are'}"
        warnings.warn(
            f"{after.origin}: {rows} missing between the data of the run and {after.name!r}, which is forecast without "
            "them as a series of its own; add the rows to continue the run's.",
            stacklevel=4,
        )


def _warn_of_grid(before: Series, after: Series) -> None:
    """Warns that new rows lie between the steps of the run."""
    own, new = before.time.frequency, after.time.frequency
    if new == SINGLE:
        return
    times = f"has steps of {new}, but the run of {own}" if new != own else "has other times than the steps of the run"
    warnings.warn(
        f"{after.origin}: {after.name!r} {times}; it is {_ANOTHER}.",
        stacklevel=4,
    )


def _shown(time: Any) -> str:
    """A time in the unit that it is exact in."""
    if not isinstance(time, np.datetime64):
        return str(time)
    return str(time).removesuffix(".000000").removesuffix("T00:00:00").removesuffix(":00")
