"""The processes that train one network together, and what they exchange."""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, distributed

from echoic import errors
from echoic.errors import EchoicError, LostProcessError
from echoic.split_batch import Place, split_batch
from echoic.tensors import Batch


class Share(NamedTuple):
    """The rows `begin` to `end` of a batch, which one process trains on.

    A batch with fewer rows than processes is not split: everyone has the whole of it.
    """

    begin: int
    end: int
    is_whole: bool

    def of(self, batch: Batch) -> Batch:
        """The part of the batch; `carry` and the padded length are those of the whole."""
        if self.is_whole:
            return batch
        return batch.rows(self.begin, self.end)


@final
class Ranks:
    """Process number `rank` of `size` that train one network; the first one, 0, owns the run folder and the clock.

    Every method but `share` must be called by all processes in the same order. With a size of 1 there is nobody to ask,
    and all of them return what they are given.

    Raises:
        LostProcessError: in all methods: another process has ended, or cannot be reached.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank = rank
        self.size = size
        self.has_common_error = False
        """Whether all processes have raised the same error, so that it is enough if one of them shows it."""

    @property
    def is_first(self) -> bool:
        """Whether this process owns the run folder, and speaks for all."""
        return self.rank == 0

    def share(self, rows: int) -> Share:
        """The rows of a batch of `rows` that this process trains on."""
        if rows < self.size or self.size == 1:
            return Share(0, rows, is_whole=True)
        begin, end = (number * rows // self.size for number in (self.rank, self.rank + 1))
        return Share(begin, end, is_whole=False)

    def splitting(self, share: Share) -> AbstractContextManager[None]:
        """For the calls of a network on the `share` of a batch: random numbers are those of the whole batch."""
        return nullcontext() if share.is_whole else split_batch(self)

    def place(self, count: int) -> Place:
        """The place of `count` values of this process, after those of the processes before it."""
        counts = self._all_counts(count)
        return Place(sum(counts[: self.rank]), count, sum(counts))

    def gather(self, values: Tensor) -> Tensor:
        """The values `(count, ...)` of all processes, in their order; counts may differ."""
        if self.size == 1:
            return values
        counts = self._all_counts(len(values))
        if not max(counts):
            return values
        padded = values.new_zeros(max(counts), *values.shape[1:])
        padded[: len(values)] = values
        parts = [torch.empty_like(padded) for _ in counts]
        with _losses_named():
            distributed.all_gather(parts, padded)
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    def total(self, values: Tensor) -> Tensor:
        """The sum of the tensors of all processes."""
        if self.size > 1:
            with _losses_named():
                distributed.all_reduce(values)
        return values

    def highest(self, numbers: Sequence[float]) -> list[float]:
        """The highest of each number among all processes."""
        if self.size == 1:
            return list(numbers)
        values = torch.tensor(numbers, dtype=torch.float64)
        with _losses_named():
            distributed.all_reduce(values, distributed.ReduceOp.MAX)
        return values.tolist()

    def of_first(self, values: Tensor) -> Tensor:
        """The tensor of the first process, written into that of this one."""
        if self.size > 1:
            with _losses_named():
                distributed.broadcast(values, 0)
        return values

    def same_random_state(self) -> None:
        """Gives every process the state of the first one's random generator."""
        if self.size > 1:
            torch.set_rng_state(self.of_first(torch.get_rng_state()))

    @contextmanager
    def together(self) -> Iterator[None]:
        """If the block fails in one process, it fails in all of them.

        Raises:
            echoic.EchoicError: that of this process; otherwise that of the first one that failed, with its number.
        """
        error: EchoicError | None = None
        try:
            yield
        except EchoicError as raised:
            error = raised
        if self.size > 1:
            found = self.all_gather(None if error is None else [type(error).__name__, str(error)])
            failed = next((number for number, one in enumerate(found) if one is not None), None)
            self.has_common_error = failed is not None
            if error is None and failed is not None:
                kind, message = found[failed]
                error = _error(kind, f"In process {failed} of {self.size}: {message}")
        if error is not None:
            raise error

    def all_gather(self, value: Any) -> list[Any]:
        """The values of all processes in the order of their ranks; each is plain JSON."""
        if self.size == 1:
            return [value]
        encoded = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
        sizes = self._all_counts(len(encoded))
        joined = bytes(self.gather(encoded).tolist())
        ends = [sum(sizes[: number + 1]) for number in range(self.size)]
        return [json.loads(joined[end - size : end]) for size, end in zip(sizes, ends, strict=True)]

    def bytes_of_first(self, values: bytes) -> bytes:
        """The bytes of the first process; those of others are ignored."""
        if self.size == 1:
            return values
        size = int(self.of_first(torch.tensor([len(values)])))
        buffer = torch.frombuffer(bytearray(values), dtype=torch.uint8) if self.is_first and size else None
        buffer = torch.empty(size, dtype=torch.uint8) if buffer is None else buffer
        return self.of_first(buffer).numpy().tobytes() if size else b""

    def _all_counts(self, count: int) -> list[int]:
        counts = torch.zeros(self.size, dtype=torch.int64)
        counts[self.rank] = count
        return [int(one) for one in self.total(counts).tolist()]


ALONE = Ranks()
"""A single process that trains a network on its own."""


@contextmanager
def _losses_named() -> Iterator[None]:
    """Says in one sentence that the other end of a connection has gone.

    Raises:
        LostProcessError: it has.
    """
    try:
        yield
    except RuntimeError as error:
        raise LostProcessError(f"Another process of this training was lost ({_reason(error)}).") from error


def _reason(error: RuntimeError) -> str:
    text = str(error)
    if "imed out" in text or "imeout" in text:
        return "no answer in time"
    return "its connection is closed" if "onnection" in text else text.splitlines()[0][-200:]


def _error(kind: str, message: str) -> EchoicError:
    found = getattr(errors, kind, EchoicError)
    return found(message) if found is not errors.Interrupted else EchoicError(message)
