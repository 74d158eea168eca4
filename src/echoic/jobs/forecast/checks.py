"""Checks that settings and data of a forecast fit together."""

from typing import TYPE_CHECKING

import torch

from echoic.config import HeadSettings
from echoic.errors import ConfigError, DataError
from echoic.forecasting.levels import LEVELS

if TYPE_CHECKING:
    from echoic.jobs.forecast.task import ForecastTask


def check_train_split(task: "ForecastTask") -> None:
    """Checks that the train split has a window, and a value of every target.

    Raises:
        DataError: it has not.
        ConfigError: settings contradict each other.
    """
    _check_lengths(task)
    _check_values(task)


def _check_lengths(task: "ForecastTask") -> None:
    context, tail, window = task.framing.context, task.windows.tail, task.settings.window
    in_windows = window.batching == "windows"
    if task.windows.is_shuffled and not in_windows:
        raise ConfigError("`split_order` = shuffled requires --batching windows.")
    if not in_windows and window.strategy != "recursive":
        raise ConfigError(f"`batching` = {window.batching} requires --strategy recursive.")
    required = context + tail if in_windows else 2
    longest = int(task.splits["train"].lengths.argmax())
    length = int(task.splits["train"].lengths[longest])
    if length < required:
        raise DataError(
            f"{task.dataset.origin}: the train split of {task.panel.names[longest]!r} has {length} steps, but "
            f"requires {required}: {context} to look back and {tail} ahead. Choose a smaller --lookback, "
            "--horizon, --season or --lags, or another --split."
        )


def _check_values(task: "ForecastTask") -> None:
    for name, (begin, end) in zip(task.panel.names, task.splits["train"].spans(), strict=True):
        empty = torch.isnan(task.panel.values[begin:end]).all(0)
        if empty.any():
            feature = task.panel.features[int(empty.int().argmax())]
            raise DataError(
                f"{task.dataset.origin}: {feature!r} of {name!r} has no value in the train split; leave it out, "
                "or choose another --split."
            )


def check_levels(settings: HeadSettings) -> None:
    """Checks that the quantiles reach those of the widest interval.

    Raises:
        ConfigError: they do not.
    """
    levels = settings.quantiles
    if settings.head == "quantiles" and not (levels[0] <= LEVELS[0] and LEVELS[-1] <= levels[-1]):
        raise ConfigError(
            f"`quantiles` must include {LEVELS[0]:g} and {LEVELS[-1]:g} or levels beyond them, for 95 % intervals."
        )
