"""The series of a data set that training can use; the others are left out by `on_error`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from echoic.config.inputs import OnError
from echoic.config.split import SplitRule
from echoic.errors import DataError
from echoic.sources.usable import skipped_notes
from echoic.types import Series
from echoic.windows import split_steps


class Trainable(NamedTuple):
    """The series to train on, and a sentence for each that is left out."""

    series: tuple[Series, ...]
    skipped: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """How many series are left out, and why."""
        return skipped_notes(self.skipped, "Series")


def trainable(series: Sequence[Series], rule: SplitRule, on_error: OnError) -> Trainable:
    """The series that are long enough for the split `rule`, and have a value of every target in their train split.

    With "stop", or if no series is, all of them, so that the errors of splitting name them.

    Raises:
        ConfigError: `rule` has dates, and a series has no timestamps.
    """
    kept, skipped = list[Series](), list[str]()
    for one in series:
        try:
            _check(one, rule)
            kept.append(one)
        except DataError as error:
            skipped.append(str(error))
    if on_error == "stop" or not kept:
        return Trainable(tuple(series), ())
    return Trainable(tuple(kept), tuple(skipped))


def _check(one: Series, rule: SplitRule) -> None:
    train_end = split_steps(one, rule)[0]
    empty = np.isnan(one.values[:train_end]).all(0)
    if empty.any():
        raise DataError(
            f"{one.origin}: {one.features[int(empty.argmax())]!r} of {one.name!r} has no value in the train split; "
            "leave it out, or choose another --split."
        )
