"""Chunks of streams for truncated back-propagation through time: the state is carried from chunk to chunk."""

from collections.abc import Iterator, Sequence
from typing import Self, final

import torch

from echoic.windows.index import WindowIndex
from echoic.windows.seeds import make_generator
from echoic.windows.splits import Ranges


@final
class ChunkSampler:
    """Yields batches of parallel streams, `chunk_steps` steps at a time.

    Each group of `batch_size` streams of similar length is padded to its longest. A window is one step longer than its
    chunk, for the target of the last step. With `chunk_steps` None, windows are whole sequences.
    """

    def __init__(self, spans: Sequence[tuple[int, int]], batch_size: int, chunk_steps: int | None) -> None:
        by_length = sorted(spans, key=lambda span: span[1] - span[0])
        self.groups = [by_length[first : first + batch_size] for first in range(0, len(by_length), batch_size)]
        self.chunk_steps = chunk_steps

    @classmethod
    def from_ranges(
        cls, ranges: Ranges, batch_size: int, chunk_steps: int | None, max_steps: int | None = None
    ) -> Self:
        """One stream per range, or several if there are fewer ranges than `batch_size`.

        `max_steps` limits the length of a stream; None: no limit.
        """
        pieces = max(1, batch_size // len(ranges.begin)) if chunk_steps else 1
        spans = []
        for begin, end in ranges.spans():
            length = max(-(-(end - begin - 1) // pieces), chunk_steps or 1)
            if max_steps is not None and length > max_steps:
                # Equal lengths avoid groups that mix short and long streams.
                length = -(-length // -(-length // max_steps))
            spans += [(first, min(first + length + 1, end)) for first in range(begin, end - 1, length)]
        return cls(spans, batch_size, chunk_steps)

    @classmethod
    def whole_series(cls, ranges: Ranges, batch_size: int, chunk_steps: int | None) -> Self:
        """One stream per range; ranges of a single step are skipped."""
        return cls([(begin, end) for begin, end in ranges.spans() if end - begin > 1], batch_size, chunk_steps)

    def __len__(self) -> int:
        return sum(len(self._chunks(group)) for group in self.groups)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The batches of an epoch without the first `skip`: groups in random order, their chunks in sequence."""
        number = 0
        for group in torch.randperm(len(self.groups), generator=make_generator(seed, epoch)).tolist():
            begins, ends = torch.tensor(self.groups[group]).unbind(1)
            for chunk, (offset, steps) in enumerate(self._chunks(self.groups[group])):
                if number >= skip:
                    valid = (ends - begins - offset).clamp(0, steps)
                    yield WindowIndex(torch.minimum(begins + offset, ends - 1), steps, valid, chunk=chunk)
                number += 1

    def _chunks(self, group: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Offset and number of steps of each chunk of a group."""
        max_steps = max(end - begin for begin, end in group) - 1
        chunk_steps = self.chunk_steps or max_steps
        return [(offset, min(chunk_steps, max_steps - offset) + 1) for offset in range(0, max_steps, chunk_steps)]
