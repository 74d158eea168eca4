"""A batch whose rows several processes share: what is random about it is the same however it is split."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol

from torch import Tensor


class Place(NamedTuple):
    """Where values of this process lie among those of the whole batch."""

    before: int
    size: int
    total: int

    def of(self, values: Tensor) -> Tensor:
        """The values of this process, from those of the whole batch."""
        return values[self.before : self.before + self.size]


class Split(Protocol):
    """The other processes of a batch. All of them must make the same calls in the same order."""

    def place(self, count: int) -> Place:
        """The place of `count` values of this process, after those of the rows before its own."""

    def gather(self, values: Tensor) -> Tensor:
        """The values `(count, ...)` of all processes, in the order of their rows."""


_SPLIT: ContextVar[Split | None] = ContextVar("split", default=None)


@contextmanager
def split_batch(split: Split) -> Iterator[None]:
    """Networks that are called in the block see a part of a batch; the others have the rest of it."""
    token = _SPLIT.set(split)
    try:
        yield
    finally:
        _SPLIT.reset(token)


def place(count: int) -> Place:
    """The place of `count` values among those of the whole batch, which are all of it unless it is split.

    Values may be whatever a module makes of its rows, as long as they are in the order of the rows.
    """
    split = _SPLIT.get()
    return Place(0, count, count) if split is None else split.place(count)


def gather(values: Tensor) -> Tensor:
    """The values `(count, ...)` of the whole batch, which are `values` themselves unless it is split."""
    split = _SPLIT.get()
    return values if split is None else split.gather(values)
