"""Labels of clips: from cells of a table, and from values in Python."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from echoic.errors import ConfigError, DataError


def parse_labels(cell: str, separator: str | None) -> tuple[str, ...]:
    """The label of a clip; with a separator its labels, sorted.

    Raises:
        ValueError: a label is missing, empty or named twice; the message says so and what to do.
    """
    if separator is None:
        if not cell:
            raise ValueError("there is no label; fill it in or remove the clip.")
        return (cell,)
    names = [name.strip() for name in cell.split(separator)] if cell else []
    if "" in names:
        raise ValueError(f"the labels {cell!r} contain an empty one; remove the extra {separator!r}.")
    return sorted_labels(names)


def sorted_labels(names: Iterable[str]) -> tuple[str, ...]:
    """Several labels of a clip, sorted.

    Raises:
        ValueError: one of them is named twice.
    """
    counts = Counter(names)
    repeated = [name for name, times in counts.items() if times > 1]
    if repeated:
        raise ValueError(f"the label {repeated[0]!r} is given more than once; name it once.")
    return tuple(sorted(counts))


def labels_in_memory(labels: Any, count: int, separator: str | None) -> list[tuple[str, ...]]:
    """The labels of each of `count` clips: names, whole numbers or bools; with a separator also tuples of them.

    Raises:
        DataError: there are more or fewer, or one of them is none.
        ConfigError: a clip has several, but no separator is set.
    """
    values = _listed(labels)
    if len(values) != count:
        raise DataError(f"`labels` must have one label for each of the {count} clips, got {len(values)}.")
    found = []
    for number, value in enumerate(values):
        if isinstance(value, list | tuple | set | frozenset) and separator is None:
            raise ConfigError("`labels` has several labels for a clip; pass `label_separator`, such as ';', to say so.")
        try:
            if isinstance(value, list | tuple | set | frozenset):
                found.append(sorted_labels(label_text(one) for one in value))
            else:
                found.append(parse_labels(label_text(value), separator))
        except ValueError as error:
            raise DataError(f"`labels`, number {number}: {error}") from None
    return found


def _listed(labels: Any) -> list[Any]:
    tensor = labels.detach().cpu() if hasattr(labels, "detach") else labels
    if isinstance(tensor, str | bytes) or not hasattr(tensor, "__iter__"):
        raise DataError(f"`labels` must be a sequence with one label for each clip, got {type(labels).__name__}.")
    if getattr(tensor, "ndim", 1) != 1:
        raise DataError(
            f"`labels` must have one axis, got the shape {tuple(tensor.shape)}; give the name or number of each class."
        )
    return [value.item() if isinstance(value, np.generic) or hasattr(value, "detach") else value for value in tensor]


def label_text(value: Any) -> str:
    """A label as text: the same as it would be in a file.

    Raises:
        ValueError: it is missing, a fraction, or of another kind.
    """
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or value != value:  # noqa: PLR0124 (not a number, of any library)
        raise ValueError("there is no label; fill it in or remove the clip.")
    if isinstance(value, str | int):
        return str(value).strip()
    raise ValueError(f"a label must be a name, a whole number or a bool, got {value!r}.")
