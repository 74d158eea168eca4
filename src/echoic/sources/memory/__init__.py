"""Data that only Python can pass: arrays, tensors, DataFrames and texts, with their labels, events and rates.

A source for each kind of data, which makes the same series, notes and fingerprints as the reader of files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.sources.paths import is_path

ORIGIN = "the data in memory"
"""The place of such data in messages."""


@final
@dataclass(frozen=True, eq=False)
class Clips:
    """Clips in memory, for classify.

    Args:
        values: an array or tensor `(clips, steps)` or `(clips, steps, features)`; a sequence of arrays of unequal
            length, `(steps,)` or `(steps, features)` each; a list of paths of sound; or a DataFrame with one row per
            step or per file.
        labels: the label of each clip: names, whole numbers or bools; None for clips to predict.
        groups: a name for each clip; clips that share one, such as a speaker, stay in one split.
        rate_hz: sampling rate of sound; by default that of the setting `rate_hz`. Without either the clips are sensor
            series.
    """

    values: Any = field(repr=False)
    labels: Any = field(default=None, repr=False)
    groups: Any = field(default=None, repr=False)
    rate_hz: int | None = None


@final
@dataclass(frozen=True, eq=False)
class Recordings:
    """Sound in memory, for audio and detect.

    Args:
        values: an array or tensor `(samples,)` or `(samples, channels)`, or a sequence of such. Floats have a full
            scale of 1, integers that of their type.
        rate_hz: sampling rate; by default that of the setting `rate_hz`.
        events: for each recording its events: tuples of onset and offset in seconds, and label.
    """

    values: Any = field(repr=False)
    rate_hz: int | None = None
    events: Sequence[Sequence[tuple[float, float, str]]] | None = field(default=None, repr=False)


@final
@dataclass(frozen=True, eq=False)
class Transcripts:
    """Sound in memory with its texts, for transcribe.

    Args:
        values: as for `Recordings`, or a list of paths of sound.
        texts: the text of each recording.
        rate_hz: sampling rate; by default that of the setting `rate_hz`.
    """

    values: Any = field(repr=False)
    texts: Any = field(default=None, repr=False)
    rate_hz: int | None = None


@final
@dataclass(frozen=True, eq=False)
class Steps:
    """Recordings of sensors in memory, for detect.

    Args:
        values: an array or tensor `(steps,)` or `(steps, features)`, a sequence of such, or a DataFrame with one row
            per step.
        labels: for each recording the label of each step, names or whole numbers; None or "" where there is no event.
        events: instead of labels, for each recording its events: tuples of onset and offset in seconds, and label.
    """

    values: Any = field(repr=False)
    labels: Any = field(default=None, repr=False)
    events: Sequence[Sequence[tuple[float, float, str]]] | None = field(default=None, repr=False)


@final
@dataclass(frozen=True, eq=False)
class Pairs:
    """Signals in memory that go in, with those to predict, for map.

    Args:
        inputs: an array or tensor `(steps,)` or `(steps, features)`, or a sequence of such.
        targets: likewise, for the same steps; None for inputs to predict from. Of two rates one must divide the other.
    """

    inputs: Any = field(repr=False)
    targets: Any = field(default=None, repr=False)


@final
@dataclass(frozen=True)
class Text:
    """A text in memory, or several, for the text job, where a plain string is the path of a file."""

    text: str | Sequence[str] = field(repr=False)


def is_array(data: Any) -> bool:
    """Whether `data` is an array or a tensor, not a table."""
    return hasattr(data, "__array__") and hasattr(data, "ndim") and not is_dataframe(data) and not _is_series(data)


def is_dataframe(data: Any) -> bool:
    """Whether `data` is a table of any library, or a dict of columns."""
    return isinstance(data, Mapping) or hasattr(type(data), "columns")


def are_arrays(data: Any) -> bool:
    """Whether `data` is an array, or a list of arrays or columns."""
    if is_array(data):
        return True
    return isinstance(data, list | tuple) and bool(data) and all(map(_is_item, data))


def are_clips(data: Any) -> bool:
    """Whether `data` is `Clips`, arrays, or pairs of an array and a label, as torch's datasets have them."""
    if isinstance(data, Clips) or are_arrays(data):
        return True
    is_indexed = hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, str)
    if not is_indexed or not len(data):
        return False
    first = data[0]
    return isinstance(first, list | tuple) and len(first) == 2 and are_arrays(first[0])


def are_steps(data: Any, step_rate_hz: float | None) -> bool:
    """Whether `data` are recordings of sensors: `Steps`, a DataFrame, or with a rate of steps also arrays alone."""
    if isinstance(data, Steps) or is_dataframe(data):
        return True
    without_rate = isinstance(data, Recordings) and data.rate_hz is None
    return step_rate_hz is not None and (without_rate or are_arrays(data))


def as_array(data: Any, place: str) -> NDArray[Any]:
    """`data` as a NumPy array; masked entries become NaN.

    Raises:
        DataError: it has no array of numbers.
    """
    if isinstance(data, np.ma.MaskedArray):
        return np.ma.filled(data.astype(np.float64), np.nan)
    tensor = data.detach().cpu() if hasattr(data, "detach") else data
    try:
        array = np.asarray(tensor)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{place} cannot be read as an array ({error}); convert it with numpy.array.") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"{place} holds {array.dtype} values, not real numbers; convert it with astype(float).")
    return array


def as_items(data: Any, place: str) -> list[NDArray[Any]]:
    """The arrays of a sequence, or along the first axis of an array.

    Raises:
        DataError: one of them is no array of numbers, or there is none.
    """
    is_object = isinstance(data, np.ndarray) and data.dtype.kind == "O"
    items = list(as_array(data, place) if is_array(data) and not is_object else data)
    if not items:
        raise DataError(f"{place} is empty; give at least one.")
    return [as_array(item, f"{place}, number {number}") for number, item in enumerate(items)]


def in_float32(values: NDArray[Any], place: str) -> NDArray[np.float32]:
    """A contiguous float32 copy.

    Raises:
        DataError: a value is infinite or beyond the range of float32.
    """
    with np.errstate(over="ignore"):
        converted = np.array(values, np.float32, order="C")
    infinite = np.isinf(converted)
    if infinite.any():
        step = int(np.argwhere(infinite)[0][0])
        value = np.asarray(values)[tuple(np.argwhere(infinite)[0])]
        raise DataError(f"{place}, step {step}: {value:g} is infinite or beyond 3.4e38; correct it or use NaN.")
    return converted


def place_of(data: Any) -> str:
    """`data` in messages: its path, or that it is in memory."""
    return str(data) if is_path(data) else ORIGIN


def _is_item(data: Any) -> bool:
    """A column, or an array, not a single number of NumPy."""
    return _is_series(data) or (is_array(data) and data.ndim > 0)


def _is_series(data: Any) -> bool:
    """A column of pandas or polars."""
    return hasattr(data, "to_frame") and hasattr(data, "name")
