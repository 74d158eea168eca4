"""An input and a target signal as one series, at the rate of the faster one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from echoic.errors import DataError
from echoic.types import Annotations, Covariates, Series, Values
from echoic.types.counted import counted

_MOST_CUT = 0.05
"""Largest fraction by which one of two signals of the same rate may be longer than the other."""


class Joined(NamedTuple):
    """A series of a pair, and notes on how the two were brought to the same steps."""

    series: Series
    notes: tuple[str, ...]


class Signal(NamedTuple):
    """Values `(steps, features)` with their names, and where they are from."""

    values: Values
    names: tuple[str, ...]
    origin: str


def join(name: str, inputs: Signal, targets: Signal, annotations: Annotations, ratio: int | None = None) -> Joined:
    """The pair at the rate of the faster signal: slow inputs are held, slow targets are missing in between.

    `ratio` is the rate of the inputs over that of the targets, negative the other way round; None: by their lengths. Of
    two lengths that nearly fit, the longer signal is cut at its end.

    Raises:
        DataError: their lengths fit no rates of which one divides the other.
    """
    ratio = _ratio(inputs, targets) if ratio is None else ratio
    values, targeted, notes = inputs.values, targets.values, list[str]()
    if ratio > 1:
        targeted = _spread(targeted, ratio)
    elif ratio < -1:
        notes.append(f"The inputs are {-ratio} times slower than the targets; each is held for {-ratio} steps.")
        values = np.repeat(values, -ratio, axis=0)
    steps = min(len(values), len(targeted))
    if len(values) != len(targeted):
        is_input = len(values) > steps
        longer, origin = (len(values), inputs.origin) if is_input else (len(targeted), targets.origin)
        if longer - steps > max(abs(ratio), _MOST_CUT * longer):
            raise _no_fit(inputs, targets)
        if longer - steps >= abs(ratio):
            cut, other = ("inputs", "targets") if is_input else ("targets", "inputs")
            notes.append(
                f"{origin}: the {cut} have {longer:,} steps and the {other} {steps:,}; "
                f"{counted(longer - steps, 'step')} at the end of the {cut} left out."
            )
    series = Series(
        name,
        np.ascontiguousarray(targeted[:steps]),
        targets.names,
        covariates=Covariates(past=np.ascontiguousarray(values[:steps]), past_names=inputs.names),
        origin=inputs.origin,
        annotations=annotations,
    )
    return Joined(series, tuple(notes))


def numbered(name: str, width: int) -> tuple[str, ...]:
    """The names of the columns of an array: its own, or `u0`, `u1` and so on."""
    return (name,) if width == 1 else tuple(f"{name}{number}" for number in range(width))


def distinct(inputs: Sequence[str], targets: Sequence[str], origin: str) -> None:
    """Refuses names that are inputs and targets at once.

    Raises:
        DataError: one is.
    """
    both = [name for name in inputs if name in targets]
    if both:
        raise DataError(f"{origin}: {both[0]!r} is named as an input and as a target; name it once.")


def _spread(values: Values, ratio: int) -> Values:
    """Slow values at every `ratio`-th step, NaN between them."""
    spread = np.full((len(values) * ratio, values.shape[1]), np.nan, values.dtype)
    spread[::ratio] = values
    return spread


def _ratio(inputs: Signal, targets: Signal) -> int:
    """The rate of the inputs over that of the targets, by their lengths."""
    own, other = len(inputs.values), len(targets.values)
    long, short = max(own, other), min(own, other)
    ratio = round(long / short)
    if ratio == 1 or abs(long - ratio * short) >= ratio:
        return 1
    return ratio if own > other else -ratio


def _no_fit(inputs: Signal, targets: Signal) -> DataError:
    return DataError(
        f"{inputs.origin}: the inputs have {len(inputs.values):,} steps and the targets {len(targets.values):,}"
        f"{'' if inputs.origin == targets.origin else f' ({targets.origin})'}, and neither number is a multiple of the "
        "other; cut both to the same beginning and end."
    )
