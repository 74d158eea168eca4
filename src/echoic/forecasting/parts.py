"""Series in parts, so that the memory of what is computed for each series does not grow with their number."""

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar, final

import numpy as np
import torch
from torch import Tensor

from echoic.forecasting.target_errors import LEAST_ORIGINS
from echoic.windows import Panel

MAX_PART_VALUES = 1_000_000
"""Of a part: values of its series padded to equal length, and values of one forecast at all origins."""

Built = TypeVar("Built")


class Rows(NamedTuple, Generic[Built]):
    """Rows of one part: what was built for it, the row of the panel at which it begins, and which of all `rows`."""

    built: Built
    begin: int
    selected: Tensor


@final
class Parts(Generic[Built]):
    """Consecutive series of `panel` in parts; what `build` makes of the numbers of a part is kept for the last one.

    Rows in the order of series build each part once.
    """

    def __init__(self, panel: Panel, horizon: int, build: Callable[[Tensor], Built]) -> None:
        self._panel = panel
        self._build = build
        self._first = torch.tensor(_first_series(panel, horizon))
        self._last: tuple[int, Built] | None = None

    def __len__(self) -> int:
        return len(self._first)

    def each(self, rows: Tensor) -> Iterator[Rows[Built]]:
        """The `rows` of each part that has some; a row may lie right after its series."""
        parts = torch.searchsorted(self._first, self._panel.series_index(rows - 1), right=True) - 1
        for number in parts.unique().tolist():
            begin = int(self._panel.offsets[self._first[number]])
            yield Rows(self._part(number), begin, (parts == number).nonzero()[:, 0])

    def every(self) -> Iterator[tuple[Built, int]]:
        """All parts, and the rows at which they begin."""
        for number, first in enumerate(self._first.tolist()):
            yield self._part(number), int(self._panel.offsets[first])

    def _part(self, number: int) -> Built:
        if self._last is None or self._last[0] != number:
            self._last = None  # both at once would take twice the memory
            ends = [*self._first.tolist()[1:], len(self._panel.names)]
            self._last = number, self._build(torch.arange(int(self._first[number]), ends[number]))
        return self._last[1]


def _first_series(panel: Panel, horizon: int) -> list[int]:
    """The first series of each part."""
    features = len(panel.features)
    most = max(1, MAX_PART_VALUES // (LEAST_ORIGINS * horizon * features))
    first, longest = [0], 0
    for number, steps in enumerate(panel.offsets.diff().tolist()):
        longest, count = max(longest, steps), number - first[-1] + 1
        if count > 1 and (count > most or longest * count * features > MAX_PART_VALUES):
            first.append(number)
            longest = steps
    return first


def gathered(parts: list[tuple[Tensor, np.ndarray]], count: int) -> np.ndarray:
    """Values by row from those of `parts`, each with the places of its rows on the first axis, `count` in all."""
    if len(parts) == 1:
        return parts[0][1]
    found = np.empty((count, *parts[0][1].shape[1:]))
    for places, values in parts:
        found[places.numpy()] = values
    return found
