"""Counts with an example, for notes on data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Examples:
    """A number of things, and the name of the first of them."""

    count: int = 0
    first: str = ""

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """The number of these names, and the first."""
        listed = list(names)
        return cls(len(listed), listed[0] if listed else "")

    def __bool__(self) -> bool:
        return self.count > 0

    def as_text(self, one: str, several: str = "") -> str:
        """`1 file (a.wav)`, or `3 files, such as a.wav`."""
        if self.count == 1:
            return f"1 {one} ({self.first})"
        return f"{self.count:,} {several or one + 's'}, such as {self.first}"
