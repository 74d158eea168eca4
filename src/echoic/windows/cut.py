"""Which windows lie in a part, and in what order they are seen."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, Self, final

import torch
from torch import Tensor

from echoic.windows.seeds import generator_of
from echoic.windows.splits import Ranges


class Cut(NamedTuple):
    """Rows of one batch: `steps` steps from each of `starts` on, of which the first `valid` are real.

    `carry`: the rows continue those of the cut before.
    """

    starts: Tensor
    steps: int
    valid: Tensor
    carry: bool = False


class Order(Protocol):
    """The cuts of an epoch, the same for the same seed and epoch."""

    def __len__(self) -> int:
        """Cuts in an epoch."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Cut]:
        """The cuts of an epoch from number `skip` on."""


@final
class Windows:
    """All windows of `steps` steps whose last `tail` steps lie in a part.

    With `floor` (a row for each series) the steps before the tail may lie before the part, as far as that: for scoring.
    Without it the whole window lies inside the part: for training. Windows are counted, not listed.
    """

    def __init__(self, part: Ranges, steps: int, tail: int, stride: int = 1, floor: Tensor | None = None) -> None:
        begin = part.begin
        if floor is not None:
            begin = torch.maximum(floor, begin - (steps - tail))
        self.steps = steps
        self.stride = stride
        self.first = begin
        self.counts = ((part.end - begin - steps).div(stride, rounding_mode="floor") + 1).clamp(min=0)
        self.upto = self.counts.cumsum(0)

    def __len__(self) -> int:
        return sum(self.counts.tolist())

    def starts(self, numbers: Tensor) -> Tensor:
        """The first row of the windows with these numbers."""
        series = torch.searchsorted(self.upto, numbers, right=True)
        before = self.upto[series] - self.counts[series]
        return self.first[series] + (numbers - before) * self.stride


class _Batched:
    """Windows in batches; `chosen` are the numbers of those that count, all by default."""

    def __init__(self, windows: Windows, batch_size: int, chosen: Tensor | None = None) -> None:
        self.windows = windows
        self.batch_size = batch_size
        self.chosen = chosen
        self.count = len(windows) if chosen is None else len(chosen)

    def __len__(self) -> int:
        return _batches(self.count, self.batch_size)

    def _cuts(self, order: Tensor, skip: int) -> Iterator[Cut]:
        for first in range(skip * self.batch_size, self.count, self.batch_size):
            numbers = order[first : first + self.batch_size].long()
            yield _cut(self.windows, numbers if self.chosen is None else self.chosen[numbers])


@final
class InOrder(_Batched):
    """Windows in batches, one after the other: for scoring."""

    def epoch(self, seed: int = 0, epoch: int = 0, skip: int = 0) -> Iterator[Cut]:  # noqa: ARG002
        """All cuts from number `skip` on; seed and epoch change nothing."""
        return self._cuts(torch.arange(self.count, dtype=torch.int32), skip)


@final
class Shuffled(_Batched):
    """Windows in batches, in an order that seed and epoch alone decide."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Cut]:
        """The cuts of an epoch from number `skip` on."""
        # int32 numbers keep the order of a long univariate series within the memory of the series itself.
        return self._cuts(torch.randperm(self.count, generator=generator_of(seed, epoch), dtype=torch.int32), skip)


@final
class Drawn:
    """As many windows as there are, drawn with replacement: a series at random, then a window of it by its age.

    `recent` is the power of a random share that picks the age: 1 makes all ages alike, 2 draws recent windows more
    often. A share `align` of the draws is moved to an age of a whole number of seasons, so that those windows end at
    the same phase of the `season` as the part does.
    """

    def __init__(self, windows: Windows, batch_size: int, recent: float, align: float, season: int) -> None:
        self.windows = windows
        self.batch_size = batch_size
        self.recent = recent
        self.align = align
        self.season_windows = max(1, season // windows.stride)
        self.filled = windows.counts.nonzero()[:, 0]

    def __len__(self) -> int:
        return _batches(len(self.windows), self.batch_size)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Cut]:
        """The cuts of an epoch from number `skip` on."""
        generator = generator_of(seed, epoch)
        for number in range(len(self)):
            drawn = self._draw(min(self.batch_size, len(self.windows) - number * self.batch_size), generator)
            if number >= skip:
                yield _cut(self.windows, drawn)

    def _draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Numbers of windows."""
        chance, aligned = torch.rand(2, count, generator=generator, dtype=torch.float64)
        series = self.filled[torch.randint(len(self.filled), (count,), generator=generator)]
        age = (chance**self.recent * self.windows.counts[series]).long()
        age = torch.where(aligned < self.align, age - age % self.season_windows, age)
        return self.windows.upto[series] - 1 - age


@final
class Streams:
    """Stretches of series side by side, in chunks whose state is carried: truncated back-propagation through time.

    Stretches of similar length run together, `batch_size` at a time; the shorter ones end in steps that are not
    real. A cut has one step more than its chunk: the target of the last one, where the next chunk begins. With no
    limit on `chunk` a group is one cut: whole sequences, bucketed by length.
    """

    def __init__(self, stretches: Sequence[tuple[int, int]], batch_size: int, chunk: int | None) -> None:
        by_length = sorted(stretches, key=lambda stretch: stretch[1] - stretch[0])
        self.groups = [by_length[at : at + batch_size] for at in range(0, len(by_length), batch_size)]
        self.chunk = chunk

    @classmethod
    def of(cls, part: Ranges, batch_size: int, chunk: int | None, longest: int | None = None) -> Self:
        """The part's series as streams; with fewer series than `batch_size`, each is first cut into several.

        None is longer than `longest` steps: then the next one begins, without a state.
        """
        pieces = max(1, batch_size // len(part.begin)) if chunk else 1
        stretches = []
        for begin, end in zip(part.begin.tolist(), part.end.tolist(), strict=True):
            length = max(-(-(end - begin - 1) // pieces), chunk or 1)
            if longest is not None and length > longest:
                # Cut evenly, so that no group has short streams beside long ones.
                length = -(-length // -(-length // longest))
            stretches += [(at, min(at + length + 1, end)) for at in range(begin, end - 1, length)]
        return cls(stretches, batch_size, chunk)

    @classmethod
    def uncut(cls, part: Ranges, batch_size: int, chunk: int | None) -> Self:
        """The part's series as streams, however few they are; those of a single step are left out."""
        stretches = zip(part.begin.tolist(), part.end.tolist(), strict=True)
        return cls([(begin, end) for begin, end in stretches if end - begin > 1], batch_size, chunk)

    def __len__(self) -> int:
        return sum(len(self._chunks(group)) for group in self.groups)

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Cut]:
        """The cuts of an epoch from number `skip` on; the chunks of a group stay in order."""
        order = torch.randperm(len(self.groups), generator=generator_of(seed, epoch))
        seen = 0
        for number in order.tolist():
            group = self.groups[number]
            begins, ends = torch.tensor(group).unbind(1)
            for offset, steps in self._chunks(group):
                if seen >= skip:
                    valid = (ends - begins - offset).clamp(0, steps)
                    yield Cut(torch.minimum(begins + offset, ends - 1), steps, valid, carry=offset > 0)
                seen += 1

    def _chunks(self, group: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Offset and steps of each chunk of a group."""
        longest = max(end - begin for begin, end in group) - 1
        chunk = self.chunk or longest
        return [(offset, min(chunk, longest - offset) + 1) for offset in range(0, longest, chunk)]


def _batches(items: int, batch_size: int) -> int:
    return (items + batch_size - 1) // batch_size


def evenly(count: int, most: int) -> Tensor:
    """At most `most` of the numbers below `count`, evenly spaced from the first to the last."""
    return torch.linspace(0, count - 1, min(count, most), dtype=torch.float64).long()


def _cut(windows: Windows, numbers: Tensor) -> Cut:
    return Cut(windows.starts(numbers), windows.steps, torch.full((len(numbers),), windows.steps))
