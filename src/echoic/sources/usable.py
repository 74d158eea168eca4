"""Inputs of which some cannot be used: left out and listed, or all named in one error."""

import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from echoic.config.inputs import OnError
from echoic.errors import DataError

In = TypeVar("In")
Out = TypeVar("Out")

MAX_LISTED = 10
"""Inputs that an error or a note names."""


def usable(
    inputs: Sequence[In], read: Callable[[In], Out], on_error: OnError, *, origin: str, kind: str
) -> tuple[list[Out], tuple[str, ...]]:
    """What `read` returns for each input that it can read, and a sentence for each of the others.

    Args:
        inputs: what to read, in order.
        read: reads one input; raises DataError.
        on_error: "skip" leaves out inputs that cannot be read; "stop" raises an error that names all of them.
        origin: the place of the inputs, for errors.
        kind: what the inputs are, in plural, for errors.

    Raises:
        DataError: none can be read, or one cannot and `on_error` is "stop".
    """
    found, errors = list[Out](), list[DataError]()
    for one in inputs:
        try:
            found.append(read(one))
        except DataError as error:
            errors.append(error)
    if errors and len(inputs) == 1:
        raise errors[0]
    if errors and not found:
        raise DataError(f"{origin}: none of {len(inputs)} {kind} can be used; the first: {errors[0]}")
    if errors and on_error == "stop":
        raise unusable(list(map(str, errors)), len(inputs), origin=origin, kind=kind)
    return found, tuple(map(str, errors))


def unusable(reasons: Sequence[str], count: int, *, origin: str, kind: str) -> DataError:
    """One error for those of `count` inputs that cannot be used; a single one is named by its reason alone."""
    if len(reasons) == 1:
        return DataError(reasons[0])
    listed = "; ".join(reason.rstrip(".") for reason in reasons[:MAX_LISTED])
    more = f"; and {len(reasons) - MAX_LISTED} more" if len(reasons) > MAX_LISTED else ""
    return DataError(
        f"{origin}: {len(reasons)} of {count} {kind} cannot be used (--on-error skip leaves them out): {listed}{more}."
    )


def skipped_notes(skipped: Sequence[str], kind: str) -> tuple[str, ...]:
    """The number of skipped inputs, and the first of their reasons, one note each."""
    if not skipped:
        return ()
    more = ["..."] if len(skipped) > MAX_LISTED else []
    return (f"{kind} skipped ({len(skipped)}):", *skipped[:MAX_LISTED], *more)


def warn_of_skipped(skipped: Sequence[str]) -> None:
    """Warns of inputs that were skipped, where no notes on the data are kept."""
    if skipped:
        reasons = "".join(f"\n  {reason}" for reason in skipped)
        warnings.warn(f"Skipped {len(skipped)}:{reasons}", stacklevel=4)
