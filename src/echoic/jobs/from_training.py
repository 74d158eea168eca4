"""What evaluations of new data compute from the training data, which may be gone."""

from collections.abc import Callable
from typing import TypeVar

from echoic.errors import TrainingDataError

T = TypeVar("T")


def from_training_data(make: Callable[[], T], otherwise: T, what: str) -> tuple[T, tuple[str, ...]]:
    """The result of `make`, or `otherwise` and a note if the training data that `make` reads are gone.

    Args:
        make: computes something from the train split.
        otherwise: the result without the training data.
        what: the subject of the note, such as "the baseline energy_threshold is".
    """
    try:
        return make(), ()
    except TrainingDataError as error:
        return otherwise, (f"Without the training data, {what} left out ({error})",)
