"""Automatic choice of the calendar's fields: those that improve a linear forecast of dev, found without a network."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.baselines.forecasts import LinearMap
from echoic.forecasting.calendar import PHASES, varies
from echoic.forecasting.linear_maps import Array, Units, numpy64
from echoic.forecasting.windows import SplitWindows
from echoic.types import Series
from echoic.types.frequency import DAY_US, Frequency, Times
from echoic.windows import Ranges

_PERIOD_DAYS = {"hour": 1.0, "weekday": 7.0, "month": 365.0}

_LEVELS = {"hour": 24, "weekday": 7, "month": 12}

_MIN_PERIODS = 2
"""Periods of a field in train; with fewer it cannot be distinguished from a trend."""

_MAX_LOOKBACK = 200
"""The linear forecast reads no more steps: its cost grows with the square."""

_MAX_STEPS_AHEAD = 4

_MAX_TRAIN_WINDOWS, _MAX_DEV_WINDOWS = 4000, 2000

_PRIOR_WINDOWS = 5.0
"""Weight of an effect of 0 in windows, for levels that were rarely seen."""

_MIN_GAIN_ERRORS = 2.0
"""Least improvement in standard errors."""

_MIN_HORIZONS = 10
"""Horizons to judge by, one after the other; a shorter dev split is joined by the last quarter of train."""


@final
class CalendarChoice(NamedTuple):
    """The chosen `fields`, those that were `tried`, and by how much the chosen ones lessen the error."""

    fields: tuple[str, ...]
    tried: tuple[str, ...]
    gain: float


class _Windows(NamedTuple):
    """Errors of the linear forecast `(windows, steps ahead, features)` and, by field, the levels of their targets.

    `horizons` is the number of horizons that follow one another: series that are forecast at the same time count once.
    """

    errors: Array
    levels: Mapping[str, NDArray[np.int64]]
    horizons: float


def choose_fields(series: Sequence[Series], windows: SplitWindows) -> CalendarChoice:
    """Adds, one after the other, the field that most improves a linear forecast of dev, while one surely does.

    The effect of each level of a field, such as each weekday, is fitted on train to what a linear map of the look-back
    leaves unexplained: a pattern that the look-back shows, such as a weekly one in two weeks, needs no calendar.
    """
    tried = _candidates(series, windows)
    windows = _with_enough_dev(windows)
    train, dev = _errors(series, windows, tried) if tried else (None, None)
    if train is None or dev is None:
        return CalendarChoice((), (), 0.0)
    chosen: tuple[str, ...] = ()
    first = before = np.abs(dev.errors)
    while len(chosen) < len(tried):
        trials = {field: _remaining(train, dev, (*chosen, field)) for field in tried if field not in chosen}
        best = min(trials, key=lambda field: float(np.nanmean(trials[field])))
        if not _is_surely_better(before, trials[best], dev.horizons):
            break
        chosen, before = (*chosen, best), trials[best]
    # Without any choice there is nothing to compare, and a series without errors has no share of them.
    return CalendarChoice(chosen, tried, 1 - float(np.nanmean(before) / np.nanmean(first)) if chosen else 0.0)


def _candidates(series: Sequence[Series], windows: SplitWindows) -> tuple[str, ...]:
    """Fields that are usual at the frequency and that train shows often enough."""
    train = windows.splits["train"]
    longest = int(train.lengths.argmax())
    one, steps = series[longest], int(train.lengths[longest])
    if not one.time.has_dates or steps < 2:
        return ()
    times = one.time.local_times(np.arange(steps))
    days = float((times[-1] - times[0]) / np.timedelta64(1, "D"))
    return tuple(
        field
        for field in usual_fields(one.time.frequency)
        if days >= _MIN_PERIODS * _PERIOD_DAYS[field] and varies(field, times)
    )


def usual_fields(frequency: Frequency) -> tuple[str, ...]:
    """The fields that differ between steps of this length and may have an effect."""
    if frequency.is_clock and frequency.count < DAY_US:
        return ("hour", "weekday")
    is_daily = frequency.unit == "business_day" or (frequency.is_clock and frequency.count == DAY_US)
    return ("weekday", "month") if is_daily else ("month",)


def _with_enough_dev(windows: SplitWindows) -> SplitWindows:
    """The windows, with the last quarter of train as a part of dev if dev is short."""
    train, dev = windows.splits["train"], windows.splits["dev"]
    if windows.is_shuffled or int(dev.lengths.max()) >= _MIN_HORIZONS * windows.framing.horizon:
        return windows
    early = train.begin + train.lengths * 3 // 4
    return replace(
        windows, splits=windows.splits | {"train": Ranges(train.begin, early), "dev": Ranges(early, dev.end)}
    )


def _errors(
    series: Sequence[Series], windows: SplitWindows, fields: Sequence[str]
) -> tuple[_Windows, _Windows] | tuple[None, None]:
    """The errors of a linear map on train, where it is fitted, and on dev; none without windows in both."""
    framing, panel = windows.framing, windows.framing.panel
    lookback = min(framing.lookback, _MAX_LOOKBACK)
    ahead = torch.linspace(0, framing.horizon - 1, min(framing.horizon, _MAX_STEPS_AHEAD)).long()
    limits = {"train": _MAX_TRAIN_WINDOWS, "dev": _MAX_DEV_WINDOWS}
    origins = {split: windows.sampled_starts(split, limit) + framing.context for split, limit in limits.items()}
    if not all(len(rows) for rows in origins.values()):
        return None, None
    times: Times = np.concatenate([one.time.times(np.arange(one.steps)) for one in series])
    levels = _levels(np.concatenate([one.time.local_times(np.arange(one.steps)) for one in series]), fields)
    log = framing.codec.values.log

    def pairs(split: str) -> tuple[Array, Array]:
        rows = origins[split]
        of = Units.of(framing, framing.scaler_rows(rows), log=log)
        history = panel.history(rows, lookback, panel.series_index(rows - 1))
        return of.encode(numpy64(history)), of.encode(numpy64(panel.values[rows[:, None] + ahead]))

    linear = LinearMap.fit(lambda: [pairs("train")], lookback, len(ahead))

    def errors(split: str) -> _Windows:
        rows = origins[split]
        history, targets = pairs(split)
        at = (rows[:, None] + ahead).numpy()
        horizons = 1 + np.ptp(times[rows.numpy()]) / ((times[1] - times[0]) * framing.horizon)
        return _Windows(targets - linear.forecast(history), {field: levels[field][at] for field in fields}, horizons)

    return errors("train"), errors("dev")


def _levels(times: Times, fields: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """The number of the hour, weekday or month at each time."""
    # Rounding: a phase of 3 / 7 may be less than that.
    return {field: np.floor(PHASES[field](times) * _LEVELS[field] + 1e-6).astype(np.int64) for field in fields}


def _remaining(train: _Windows, dev: _Windows, fields: Sequence[str]) -> Array:
    """The absolute errors on dev without the effects of `fields`, which are fitted on train for each step ahead."""
    left = np.empty_like(dev.errors)
    for step in range(dev.errors.shape[1]):
        design, seen = _one_hot(train, fields, step), train.errors[:, step]
        whole = ~np.isnan(seen).any(1)
        design_seen = design[whole]
        products = design_seen.T @ design_seen + _PRIOR_WINDOWS * np.eye(design.shape[1])
        effects = np.linalg.solve(products, design_seen.T @ seen[whole])
        left[:, step] = np.abs(dev.errors[:, step] - _one_hot(dev, fields, step) @ effects)
    return left


def _one_hot(windows: _Windows, fields: Sequence[str], step: int) -> Array:
    return np.concatenate([np.eye(_LEVELS[field])[windows.levels[field][:, step]] for field in fields], 1)


def _is_surely_better(before: Array, after: Array, horizons: float) -> bool:
    if horizons < _MIN_HORIZONS:
        return False
    known = ~np.isnan(before)
    gains = np.where(known, before - after, 0.0).sum((1, 2)) / np.maximum(known.sum((1, 2)), 1)
    mean, error = float(gains.mean()), float(gains.std()) / math.sqrt(min(horizons, len(gains)))
    return mean > _MIN_GAIN_ERRORS * error
