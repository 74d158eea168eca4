"""The interface between samplers and collates: which steps make a batch."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from torch import Tensor


class WindowIndex(NamedTuple):
    """The windows of one batch: `steps` steps from each of `starts`, of which the first `valid` are not padding.

    `rows`: number of the sequence of each window, where windows are whole sequences. `chunk`: number of chunks before
    this one that were cut from the same streams.
    """

    starts: Tensor
    steps: int
    valid: Tensor
    rows: Tensor | None = None
    chunk: int = 0

    @property
    def carry(self) -> bool:
        """Whether the windows continue those of the batch before."""
        return self.chunk > 0


class Sampler(Protocol):
    """The windows of an epoch, batch by batch; the same for the same seed and epoch."""

    def __len__(self) -> int:
        """Number of batches in an epoch."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The batches of an epoch without the first `skip`."""
