"""Narrows values whose declared type is a base class."""

from typing import TypeVar

T = TypeVar("T")


def expect_type(kind: type[T], value: object) -> T:
    """The same value as a `kind`; fails if it is none."""
    assert isinstance(value, kind), f"expected {kind.__name__}, got {type(value).__name__}"
    return value
