"""Streams in chunks with the state carried from chunk to chunk: truncated back-propagation through time."""

from collections.abc import Iterator, Sequence
from typing import Self, final

import torch

from echoic.windows.index import WindowIndex
from echoic.windows.seeds import make_generator
from echoic.windows.splits import Ranges


@final
class ChunkSampler:
    """Streams side by side, in chunks of `chunk_steps` steps.

    Streams of similar length form a group of `batch_size`; the shorter ones end in padding. A window has one step more
    than its chunk: the target of the last step, where the next chunk begins. Without `chunk_steps` (None) a group is
    one window: whole sequences, bucketed by length.
    """

    def __init__(self, spans: Sequence[tuple[int, int]], batch_size: int, chunk_steps: int | None) -> None:
        by_length = sorted(spans, key=lambda span: span[1] - span[0])
        self.groups = [by_length[first : first + batch_size] for first in range(0, len(by_length), batch_size)]
        self.chunk_steps = chunk_steps

    @classmethod
    def from_ranges(
        cls, ranges: Ranges, batch_size: int, chunk_steps: int | None, max_steps: int | None = None
    ) -> Self:
        """Each range as one stream or, with fewer ranges than `batch_size`, as several.

        No stream is longer than `max_steps` steps (None: any length).
        """
        pieces = max(1, batch_size // len(ranges.begin)) if chunk_steps else 1
        spans = []
        for begin, end in ranges.spans():
            length = max(-(-(end - begin - 1) // pieces), chunk_steps or 1)
            if max_steps is not None and length > max_steps:
                # Cut evenly, so that no group has short streams beside long ones.
                length = -(-length // -(-length // max_steps))
            spans += [(first, min(first + length + 1, end)) for first in range(begin, end - 1, length)]
        return cls(spans, batch_size, chunk_steps)

    @classmethod
    def whole_series(cls, ranges: Ranges, batch_size: int, chunk_steps: int | None) -> Self:
        """Each range as one stream; ranges of a single step are left out."""
        return cls([(begin, end) for begin, end in ranges.spans() if end - begin > 1], batch_size, chunk_steps)

    def __len__(self) -> int:
        return sum(len(self._chunks(group)) for group in self.groups)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The batches of an epoch without the first `skip`: groups in random order, the chunks of each in sequence."""
        number = 0
        for group in torch.randperm(len(self.groups), generator=make_generator(seed, epoch)).tolist():
            begins, ends = torch.tensor(self.groups[group]).unbind(1)
            for chunk, (offset, steps) in enumerate(self._chunks(self.groups[group])):
                if number >= skip:
                    valid = (ends - begins - offset).clamp(0, steps)
                    yield WindowIndex(torch.minimum(begins + offset, ends - 1), steps, valid, chunk=chunk)
                number += 1

    def _chunks(self, group: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Offset and steps of each chunk of a group."""
        max_steps = max(end - begin for begin, end in group) - 1
        chunk_steps = self.chunk_steps or max_steps
        return [(offset, min(chunk_steps, max_steps - offset) + 1) for offset in range(0, max_steps, chunk_steps)]
