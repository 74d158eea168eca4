"""Which windows lie in a part, and in what order they are seen."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, Self, final

import torch
from torch import Tensor

from echoic.windows.seeds import make_generator
from echoic.windows.splits import Ranges


class WindowIndex(NamedTuple):
    """Rows of one batch: `steps` steps from each of `starts` on, of which the first `valid` are real.

    `carry`: the rows continue those of the cut before.
    """

    starts: Tensor
    steps: int
    valid: Tensor
    carry: bool = False


class Sampler(Protocol):
    """The cuts of an epoch, the same for the same seed and epoch."""

    def __len__(self) -> int:
        """Cuts in an epoch."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The cuts of an epoch from number `skip` on."""


@final
class Windows:
    """All windows of `steps` steps whose last `tail` steps lie in a part.

    With `floor` (a row for each series) the steps before the tail may lie before the part, as far as that: for scoring.
    Without it the whole window lies inside the part: for training. Windows are counted, not listed.
    """

    def __init__(self, ranges: Ranges, steps: int, tail: int, stride: int = 1, floor: Tensor | None = None) -> None:
        begin = ranges.begin
        if floor is not None:
            begin = torch.maximum(floor, begin - (steps - tail))
        self.steps = steps
        self.stride = stride
        self.first = begin
        self.counts = ((ranges.end - begin - steps).div(stride, rounding_mode="floor") + 1).clamp(min=0)
        self.cumulative_counts = self.counts.cumsum(0)

    def __len__(self) -> int:
        return sum(self.counts.tolist())

    def starts(self, indices: Tensor) -> Tensor:
        """The first row of the windows with these numbers."""
        series = torch.searchsorted(self.cumulative_counts, indices, right=True)
        before = self.cumulative_counts[series] - self.counts[series]
        return self.first[series] + (indices - before) * self.stride


class _BatchSampler:
    """Windows in batches; `selected` are the numbers of those that count, all by default."""

    def __init__(self, windows: Windows, batch_size: int, selected: Tensor | None = None) -> None:
        self.windows = windows
        self.batch_size = batch_size
        self.selected = selected
        self.num_windows = len(windows) if selected is None else len(selected)

    def __len__(self) -> int:
        return _num_batches(self.num_windows, self.batch_size)

    def _indices(self, sampler: Tensor, skip: int) -> Iterator[WindowIndex]:
        for first in range(skip * self.batch_size, self.num_windows, self.batch_size):
            indices = sampler[first : first + self.batch_size].long()
            yield _window_index(self.windows, indices if self.selected is None else self.selected[indices])


@final
class SequentialSampler(_BatchSampler):
    """Windows in batches, one after the other: for scoring."""

    def epoch(self, seed: int = 0, epoch: int = 0, skip: int = 0) -> Iterator[WindowIndex]:  # noqa: ARG002
        """All cuts from number `skip` on; seed and epoch change nothing."""
        return self._indices(torch.arange(self.num_windows, dtype=torch.int32), skip)


@final
class ShuffledSampler(_BatchSampler):
    """Windows in batches, in an order that seed and epoch alone decide."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The cuts of an epoch from number `skip` on."""
        # int32 numbers keep the order of a long univariate series within the memory of the series itself.
        return self._indices(
            torch.randperm(self.num_windows, generator=make_generator(seed, epoch), dtype=torch.int32), skip
        )


@final
class WeightedWindowSampler:
    """As many windows as there are, drawn with replacement: a series at random, then a window of it by its age.

    `recency` is the power of a random share that picks the age: 1 makes all ages alike, 2 draws recent windows more
    often. A share `alignment` of the draws is moved to an age of a whole number of seasons, so that those windows end
    at the same phase of the `season` as the part does.
    """

    def __init__(self, windows: Windows, batch_size: int, recency: float, alignment: float, season: int) -> None:
        self.windows = windows
        self.batch_size = batch_size
        self.recency = recency
        self.alignment = alignment
        self.season_windows = max(1, season // windows.stride)
        self.non_empty = windows.counts.nonzero()[:, 0]

    def __len__(self) -> int:
        return _num_batches(len(self.windows), self.batch_size)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The cuts of an epoch from number `skip` on."""
        generator = make_generator(seed, epoch)
        for batch in range(len(self)):
            sampled = self._sample(min(self.batch_size, len(self.windows) - batch * self.batch_size), generator)
            if batch >= skip:
                yield _window_index(self.windows, sampled)

    def _sample(self, num_windows: int, generator: torch.Generator) -> Tensor:
        """Numbers of windows."""
        uniforms, aligned = torch.rand(2, num_windows, generator=generator, dtype=torch.float64)
        series = self.non_empty[torch.randint(len(self.non_empty), (num_windows,), generator=generator)]
        age = (uniforms**self.recency * self.windows.counts[series]).long()
        age = torch.where(aligned < self.alignment, age - age % self.season_windows, age)
        return self.windows.cumulative_counts[series] - 1 - age


@final
class ChunkSampler:
    """Stretches of series side by side, in chunks whose state is carried: truncated back-propagation through time.

    Stretches of similar length run together, `batch_size` at a time; the shorter ones end in steps that are not
    real. A cut has one step more than its chunk: the target of the last one, where the next chunk begins. With no
    limit on `chunk_steps` a group is one cut: whole sequences, bucketed by length.
    """

    def __init__(self, spans: Sequence[tuple[int, int]], batch_size: int, chunk_steps: int | None) -> None:
        by_length = sorted(spans, key=lambda span: span[1] - span[0])
        self.groups = [by_length[at : at + batch_size] for at in range(0, len(by_length), batch_size)]
        self.chunk_steps = chunk_steps

    @classmethod
    def from_ranges(
        cls, ranges: Ranges, batch_size: int, chunk_steps: int | None, max_steps: int | None = None
    ) -> Self:
        """The part's series as streams; with fewer series than `batch_size`, each is first cut into several.

        None is longer than `max_steps` steps: then the next one begins, without a state.
        """
        pieces = max(1, batch_size // len(ranges.begin)) if chunk_steps else 1
        spans = []
        for begin, end in zip(ranges.begin.tolist(), ranges.end.tolist(), strict=True):
            length = max(-(-(end - begin - 1) // pieces), chunk_steps or 1)
            if max_steps is not None and length > max_steps:
                # Cut evenly, so that no group has short streams beside long ones.
                length = -(-length // -(-length // max_steps))
            spans += [(at, min(at + length + 1, end)) for at in range(begin, end - 1, length)]
        return cls(spans, batch_size, chunk_steps)

    @classmethod
    def whole_series(cls, ranges: Ranges, batch_size: int, chunk_steps: int | None) -> Self:
        """The part's series as streams, however few they are; those of a single step are left out."""
        spans = zip(ranges.begin.tolist(), ranges.end.tolist(), strict=True)
        return cls([(begin, end) for begin, end in spans if end - begin > 1], batch_size, chunk_steps)

    def __len__(self) -> int:
        return sum(len(self._chunks(group)) for group in self.groups)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The cuts of an epoch from number `skip` on; the chunks of a group stay in order."""
        sampler = torch.randperm(len(self.groups), generator=make_generator(seed, epoch))
        num_seen = 0
        for number in sampler.tolist():
            group = self.groups[number]
            begins, ends = torch.tensor(group).unbind(1)
            for offset, steps in self._chunks(group):
                if num_seen >= skip:
                    valid = (ends - begins - offset).clamp(0, steps)
                    yield WindowIndex(torch.minimum(begins + offset, ends - 1), steps, valid, carry=offset > 0)
                num_seen += 1

    def _chunks(self, group: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Offset and steps of each chunk of a group."""
        max_steps = max(end - begin for begin, end in group) - 1
        chunk_steps = self.chunk_steps or max_steps
        return [(offset, min(chunk_steps, max_steps - offset) + 1) for offset in range(0, max_steps, chunk_steps)]


def _num_batches(count: int, batch_size: int) -> int:
    return (count + batch_size - 1) // batch_size


def evenly_spaced(num_windows: int, limit: int) -> Tensor:
    """At most `limit` of the numbers below `num_windows`, evenly spaced from the first to the last."""
    return torch.linspace(0, num_windows - 1, min(num_windows, limit), dtype=torch.float64).long()


def _window_index(windows: Windows, indices: Tensor) -> WindowIndex:
    return WindowIndex(windows.starts(indices), windows.steps, torch.full((len(indices),), windows.steps))
