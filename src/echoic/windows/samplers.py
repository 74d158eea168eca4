"""Samplers of fixed-length windows: sequential, shuffled, or weighted by age."""

from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor

from echoic.windows.index import WindowIndex
from echoic.windows.seeds import make_generator
from echoic.windows.splits import Ranges


@final
class Windows:
    """All windows of `steps` steps whose last `tail` steps lie in `ranges`, without storing each of them.

    For training, whole windows lie inside the range. For evaluation, `floor` (a row per series) lets the steps before
    the tail reach back beyond the range, down to that row.
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
        """The first rows of the windows with these indices."""
        series = torch.searchsorted(self.cumulative_counts, indices, right=True)
        before = self.cumulative_counts[series] - self.counts[series]
        return self.first[series] + (indices - before) * self.stride


class _BatchSampler:
    """Windows in batches; `selected` are the indices of the windows to use (None: all)."""

    def __init__(self, windows: Windows, batch_size: int, selected: Tensor | None = None) -> None:
        self.windows = windows
        self.batch_size = batch_size
        self.selected = selected
        self.num_windows = len(windows) if selected is None else len(selected)

    def __len__(self) -> int:
        return num_batches(self.num_windows, self.batch_size)

    def _batches(self, order: Tensor, skip: int) -> Iterator[WindowIndex]:
        for first in range(skip * self.batch_size, self.num_windows, self.batch_size):
            indices = order[first : first + self.batch_size].long()
            yield _window_index(self.windows, indices if self.selected is None else self.selected[indices])


@final
class SequentialSampler(_BatchSampler):
    """Yields windows in order, for evaluation."""

    def epoch(self, seed: int = 0, epoch: int = 0, skip: int = 0) -> Iterator[WindowIndex]:  # noqa: ARG002
        """All batches without the first `skip`; seed and epoch are ignored."""
        return self._batches(torch.arange(self.num_windows, dtype=torch.int32), skip)


@final
class ShuffledSampler(_BatchSampler):
    """Yields every window once per epoch, in random order, or of more windows than `limit` as many at random."""

    def __init__(
        self, windows: Windows, batch_size: int, selected: Tensor | None = None, limit: int | None = None
    ) -> None:
        super().__init__(windows, batch_size, selected)
        self.total = self.num_windows
        self.num_windows = min(self.total, limit or self.total)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The batches of an epoch without the first `skip`."""
        # int32 keeps the order of a long univariate series within the memory of the series itself.
        order = torch.randperm(self.total, generator=make_generator(seed, epoch), dtype=torch.int32)[: self.num_windows]
        return self._batches(order, skip)


@final
class WeightedWindowSampler:
    """Samples windows with replacement: a series uniformly, then one of its windows by age.

    An epoch has as many draws as there are windows, at most `limit`. With `recency` 1 ages are uniform; higher
    exponents favour recent windows. A fraction `alignment` of the windows is aligned with the season: their age is
    rounded down to a whole number of seasons, so that they end at the same phase as the range.
    """

    def __init__(
        self,
        windows: Windows,
        batch_size: int,
        recency: float,
        alignment: float,
        season: int,
        limit: int | None = None,
    ) -> None:
        self.windows = windows
        self.num_windows = min(len(windows), limit or len(windows))
        self.batch_size = batch_size
        self.recency = recency
        self.alignment = alignment
        self.season_windows = max(1, season // windows.stride)
        self.non_empty = windows.counts.nonzero()[:, 0]

    def __len__(self) -> int:
        return num_batches(self.num_windows, self.batch_size)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[WindowIndex]:
        """The batches of an epoch without the first `skip`."""
        generator = make_generator(seed, epoch)
        for batch in range(len(self)):
            sampled = self._sample(min(self.batch_size, self.num_windows - batch * self.batch_size), generator)
            if batch >= skip:
                yield _window_index(self.windows, sampled)

    def _sample(self, num_windows: int, generator: torch.Generator) -> Tensor:
        """Indices of windows `(num_windows,)`."""
        uniforms, aligned = torch.rand(2, num_windows, generator=generator, dtype=torch.float64)
        series = self.non_empty[torch.randint(len(self.non_empty), (num_windows,), generator=generator)]
        age = (uniforms**self.recency * self.windows.counts[series]).long()
        age = torch.where(aligned < self.alignment, age - age % self.season_windows, age)
        return self.windows.cumulative_counts[series] - 1 - age


def num_batches(count: int, batch_size: int) -> int:
    """Number of batches for `count` items; the last may be smaller."""
    return (count + batch_size - 1) // batch_size


def evenly_spaced(num_windows: int, limit: int) -> Tensor:
    """At most `limit` indices below `num_windows`, evenly spaced from the first to the last."""
    return torch.linspace(0, num_windows - 1, min(num_windows, limit), dtype=torch.float64).long()


def _window_index(windows: Windows, indices: Tensor) -> WindowIndex:
    return WindowIndex(windows.starts(indices), windows.steps, torch.full((len(indices),), windows.steps))
