"""Datasets of torch as data of a job: their items, in order, and in memory."""

from collections.abc import Iterable
from typing import Any

from echoic.errors import DataError
from echoic.sources.memory import Clips, Steps, Text

_PAIRED = ("classify", "detect")
"""Jobs whose items have labels."""


def is_torch_dataset(data: Any) -> bool:
    """Whether `data` is a `torch.utils.data.Dataset`, map-style or iterable."""
    return any(base.__module__ == "torch.utils.data.dataset" for base in type(data).__mro__)


def items_of_dataset(job: str, data: Any) -> Any:
    """The items of a dataset as data of a job.

    Items are series (forecast), recordings (audio), piano-rolls (music) or texts (text); for classify pairs of clip and
    label, for detect pairs of recording and the labels of its steps; for predictions without the second.

    Raises:
        DataError: the dataset has no items, or an item is no pair where others are.
    """
    items = _items(data)
    if not items:
        raise DataError(f"The {type(data).__name__} has no items; add some.")
    if job == "text":
        return Text(items)
    if job not in _PAIRED:
        return items
    pairs = [isinstance(item, tuple | list) and len(item) == 2 for item in items]
    if not any(pairs):
        return Clips(items) if job == "classify" else items
    if not all(pairs):
        number = pairs.index(False)
        raise DataError(
            f"Item {number} of the {type(data).__name__} must be a pair of values and label, as others are."
        )
    values, labels = ([item[place] for item in items] for place in (0, 1))
    return Clips(values, labels) if job == "classify" else Steps(values, labels)


def _items(data: Any) -> list[Any]:
    """All items; those of a map-style dataset by their number."""
    if hasattr(data, "__len__"):
        return [data[number] for number in range(len(data))]
    items: Iterable[Any] = data
    return list(items)
