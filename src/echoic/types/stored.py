"""Fields of JSON objects, checked as they are read: a `ValueError` names the field, its limits and its value."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAX_SHOWN = 60


def integer(values: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """An integer from `least` to `most`."""
    value = field(values, name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(name, f"an integer from {least:,} to {most:,}", value)
    return value


def number(values: Mapping[str, Any], name: str, least: float, most: float) -> float:
    """A number from `least` to `most`."""
    value = field(values, name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(name, f"a number from {least:g} to {most:g}", value)
    return float(value)


def any_number(values: Mapping[str, Any], name: str) -> float:
    """A number, which may be infinite or none (NaN), as a loss may be."""
    value = field(values, name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(name, "a number", value)
    return float(value)


def flag(values: Mapping[str, Any], name: str) -> bool:
    """True or false."""
    value = field(values, name)
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def text(values: Mapping[str, Any], name: str) -> str:
    """A text."""
    value = field(values, name)
    if not isinstance(value, str):
        raise _wrong(name, "a text", value)
    return value


def texts(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Different texts."""
    value = field(values, name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or len(set(value)) < len(value):
        raise _wrong(name, "a list of different texts", value)
    return tuple(value)


def array(values: Mapping[str, Any], name: str, *shape: int | None) -> NDArray[np.float64]:
    """Finite numbers of a shape, in which None is any size."""
    value = field(values, name)
    try:
        found = np.array(value, np.float64)
    except (TypeError, ValueError):
        raise _wrong(name, "a table of numbers", value) from None
    fits = found.ndim == len(shape) and all(size in {None, own} for own, size in zip(found.shape, shape, strict=True))
    if not fits or not np.isfinite(found).all():
        sizes = ", ".join("any" if size is None else str(size) for size in shape)
        raise _wrong(name, f"finite numbers of the shape ({sizes})", value)
    return found


def field(values: Any, name: str) -> Any:
    """The value of a field."""
    if not isinstance(values, Mapping) or name not in values:
        raise ValueError(f"`{name}` is missing")
    return values[name]


def _wrong(name: str, expected: str, value: Any) -> ValueError:
    shown = repr(value)
    return ValueError(
        f"`{name}` must be {expected}, got {shown[:_MAX_SHOWN]}{'...' if len(shown) > _MAX_SHOWN else ''}"
    )
