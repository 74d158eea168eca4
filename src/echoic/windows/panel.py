"""All series in one table, in which a window is an index."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from echoic.types import Series, Values


@dataclass(frozen=True, eq=False)
class Panel:
    """Concatenated series: `values` `(rows, features)` as precise as they were read, NaN where missing.

    Series s has the rows `offsets[s]` to `offsets[s + 1]`, in `past` `(rows, past)` too. `future`
    `(future rows, known)` may be longer and has its own `future_offsets`; `static` is `(series, static)`. A single
    series is not copied.
    """

    names: tuple[str, ...]
    features: tuple[str, ...]
    values: Tensor
    offsets: Tensor
    past: Tensor
    future: Tensor
    future_offsets: Tensor
    static: Tensor
    has_missing: bool

    @classmethod
    def from_series(cls, series: Sequence[Series]) -> Self:
        """The panel of `series`, which must have the same features and covariates."""
        values = _concatenated([one.values for one in series])
        covariates = [one.covariates for one in series]
        future = [one.future if one.future_names else np.zeros((0, 0), np.float32) for one in covariates]
        return cls(
            names=tuple(one.name for one in series),
            features=series[0].features,
            values=values,
            offsets=_offsets([one.steps for one in series]),
            past=_concatenated([one.past if one.past_names else np.zeros((0, 0), np.float32) for one in covariates]),
            future=_concatenated(future),
            future_offsets=_offsets([len(one) for one in future]),
            static=torch.from_numpy(np.stack([one.static for one in covariates])),
            has_missing=bool(torch.isnan(values).any()),
        )

    def series_index(self, rows: Tensor) -> Tensor:
        """The index of the series of each row."""
        return torch.searchsorted(self.offsets, rows, right=True) - 1

    def select(self, series: Tensor) -> Self:
        """The panel of these series alone, given by number."""
        rows = _rows_of(self.offsets, series)
        values = self.values[rows]
        future_rows = _rows_of(self.future_offsets, series)
        return replace(
            self,
            names=tuple(self.names[number] for number in series.tolist()),
            values=values,
            offsets=_offsets(self.offsets.diff()[series].tolist()),
            past=self.past[rows] if self.past.shape[1] else self.past,
            future=self.future[future_rows],
            future_offsets=_offsets(self.future_offsets.diff()[series].tolist()),
            static=self.static[series],
            has_missing=bool(torch.isnan(values).any()),
        )

    def window(self, starts: Tensor, steps: int) -> Tensor:
        """Values from each start on, `(len(starts), steps, features)`; NaN beyond the last row."""
        return _gather(self.values, starts, steps)

    def history(self, rows: Tensor, steps: int, series: Tensor | None = None) -> Tensor:
        """`(len(rows), steps, features)`: the values before each of `rows`, NaN before the beginning of its series.

        `series` are those of the rows, by default `series_index(rows)`; with it a row may lie right after its series.
        """
        rows_before = rows[:, None] - steps + torch.arange(steps)
        before = rows_before < self.offsets[self.series_index(rows) if series is None else series][:, None]
        return self.values[rows_before.clamp(min=0)].masked_fill(before[..., None], torch.nan)

    def past_window(self, starts: Tensor, steps: int) -> Tensor:
        """Past-only columns from each start on, `(len(starts), steps, past)`."""
        return _gather(self.past, starts, steps)

    def future_window(self, starts: Tensor, steps: int, series: Tensor) -> Tensor:
        """Known-future columns of `series`, `(len(starts), steps, known)`; NaN beyond their end.

        `starts` may lie beyond the last row of a series, hence the argument `series`.
        """
        rows = starts - self.offsets[series] + self.future_offsets[series]
        beyond = rows[:, None] + torch.arange(steps) >= self.future_offsets[series + 1][:, None]
        return _gather(self.future, rows, steps).masked_fill(beyond[..., None], torch.nan)


def _concatenated(arrays: list[Values]) -> Tensor:
    if len(arrays) == 1:
        return torch.from_numpy(arrays[0])
    return torch.from_numpy(np.concatenate(arrays))


def _offsets(lengths: list[int]) -> Tensor:
    return torch.tensor([0, *lengths]).cumsum(0)


def _rows_of(offsets: Tensor, series: Tensor) -> Tensor:
    """The rows of these series, one after the other."""
    lengths = offsets.diff()[series]
    before = lengths.cumsum(0) - lengths
    return torch.arange(int(lengths.sum())) + (offsets[series] - before).repeat_interleave(lengths)


def _gather(table: Tensor, starts: Tensor, steps: int) -> Tensor:
    """Rows from each start on, `(len(starts), steps, columns)`; NaN beyond the last row of the table."""
    if not table.shape[1]:
        return table.new_zeros(len(starts), steps, 0)
    if len(table) >= steps and (not len(starts) or int(starts.max()) + steps <= len(table)):
        # Indexing a view of all windows copies whole ranges instead of single values.
        return table.unfold(0, steps, 1)[starts].transpose(1, 2)
    rows = starts[:, None] + torch.arange(steps)
    inside = rows < len(table)
    return table[rows.clamp(max=len(table) - 1)].masked_fill(~inside[..., None], torch.nan)
