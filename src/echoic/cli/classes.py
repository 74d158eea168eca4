"""Predicted classes in the width of a terminal: the most likely ones, instead of a column for each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SHOWN = 3
"""Further classes that are shown for each clip."""


def without_many_columns(columns: Mapping[str, Any], separator: str | None) -> dict[str, Any]:
    """The columns of a prediction, with one column of the next most likely classes in the place of `p(...)`.

    `separator` stands between the labels of a clip, if it can have several.
    """
    names = [name for name in columns if name.startswith("p(") and name.endswith(")")]
    if not names:
        return dict(columns)
    classes = [name[2:-1] for name in names]
    probabilities = np.stack([np.asarray(columns[name]) for name in names], 1)
    rows = (
        _next(label.split(separator) if separator else [label], classes, row)
        for label, row in zip(columns["label"], probabilities, strict=True)
    )
    return {name: column for name, column in columns.items() if name not in names} | {
        "next most likely": np.array(list(rows), object)
    }


def _next(predicted: Sequence[str], classes: Sequence[str], probabilities: Any) -> str:
    order = [number for number in np.argsort(-probabilities, kind="stable") if classes[number] not in predicted]
    return ", ".join(f"{classes[number]} {probabilities[number]:.2g}" for number in order[:SHOWN])
