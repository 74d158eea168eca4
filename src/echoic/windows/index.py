"""The interface between samplers and collate functions: the steps of each batch."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from torch import Tensor


class WindowIndex(NamedTuple):
    """The windows of one batch: `steps` steps from each of `starts`; all after the first `valid` are padding.

    `rows`: index of each sequence, if windows are whole sequences. `chunk`: number of earlier chunks of the same
    streams.
    """

    starts: Tensor
    steps: int
    valid: Tensor
    rows: Tensor | None = None
    chunk: int = 0

    @property
    def carry(self) -> bool:
        """Whether the windows continue those of the previous batch."""
        return self.chunk > 0


class Sampler(Protocol):
    """Yields the windows of an epoch in batches, determined by seed and epoch."""

    def __len__(self) -> int:
        """Number of batches in an epoch."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The batches of an epoch without the first `skip`."""
