"""Pairs of arrays in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.config.map import MapDataSettings
from echoic.errors import DataError
from echoic.sources.base import Dataset
from echoic.sources.memory import ORIGIN, Pairs, as_array, as_items, is_array
from echoic.sources.pairs import ReadPairs, dataset_of
from echoic.sources.pairs.joining import Signal, join, numbered
from echoic.types import Annotations

INPUT, TARGET = "u", "y"
"""Names of arrays without any."""


def read(data: Any, settings: MapDataSettings) -> Dataset:
    """Arrays `(steps,)` or `(steps, features)`, or lists of such, and their targets.

    Raises:
        DataError: an array is no signal, or the two do not fit.
    """
    pairs = data if isinstance(data, Pairs) else Pairs(data)
    if pairs.targets is None:
        raise DataError(f"{ORIGIN} has no targets; pass them as `targets`, an array for each array that goes in.")
    if isinstance(pairs.inputs, Mapping) or isinstance(pairs.targets, Mapping):
        raise DataError(f"{ORIGIN} has named arrays; pass plain ones, or a DataFrame and the names of its columns.")
    inputs, targets = signals(pairs.inputs, INPUT), signals(pairs.targets, TARGET)
    if len(inputs) != len(targets):
        raise DataError(f"{ORIGIN} has {len(inputs)} inputs and {len(targets)} targets; give a pair of each.")
    annotations = Annotations(step_rate_hz=settings.rate_hz)
    joined = [
        join(f"series {number}", one, other, annotations)
        for number, (one, other) in enumerate(zip(inputs, targets, strict=True))
    ]
    notes = dict.fromkeys(note for one in joined for note in one.notes)
    return dataset_of(ReadPairs([one.series for one in joined], tuple(notes)), ORIGIN, settings)


def signals(values: Any, name: str) -> list[Signal]:
    """The signals of one array, or of each of a list.

    Raises:
        DataError: one is no signal.
    """
    is_one = is_array(values) and values.ndim <= 2
    arrays: Sequence[NDArray[Any]] = [as_array(values, ORIGIN)] if is_one else as_items(values, ORIGIN)
    return [_signal(array, name, f"{ORIGIN}, series {number}") for number, array in enumerate(arrays)]


def _signal(array: NDArray[Any], name: str, place: str) -> Signal:
    if array.ndim not in (1, 2) or not array.size:
        raise DataError(f"{place} must be (steps,) or (steps, features), got the shape {array.shape}.")
    if np.isinf(array).any():
        raise DataError(f"{place} has infinite values; correct them or use NaN.")
    precise = array.astype(np.float32 if array.dtype == np.float32 else np.float64).reshape(len(array), -1)
    return Signal(precise, numbered(name, precise.shape[1]), place)
