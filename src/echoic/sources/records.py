"""Locates the records of a CSV text before parsing, so that errors can name the line."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.errors import DataError

_NEWLINE, _QUOTE = ord("\n"), ord('"')


@dataclass(frozen=True)
class Records:
    """Byte offsets, line (from 1) and number of fields of every record; a blank line is a record without bytes."""

    starts: NDArray[Any]
    ends: NDArray[Any]
    lines: NDArray[Any]
    fields: NDArray[Any]

    def __getitem__(self, which: NDArray[Any] | slice) -> "Records":
        return Records(self.starts[which], self.ends[which], self.lines[which], self.fields[which])

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Which records are not blank lines."""
        mask: NDArray[np.bool_] = self.ends > self.starts
        return mask


def find_records(data: bytes, delimiter: str, source: str) -> Records:
    """The records of `data`; line ends and delimiters within quotation marks belong to a field.

    Raises:
        DataError: a quotation mark is never closed, or is inside a field without being doubled.
    """
    chars = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(chars == _NEWLINE)
    splits = np.flatnonzero(chars == ord(delimiter))
    ends, unclosed = breaks, False
    if b'"' in data:
        # Parity of the number of marks; a doubled mark inside a field changes it twice. Overflow keeps the parity.
        inside = (np.cumsum(chars == _QUOTE, dtype=np.uint8) & 1).astype(bool)
        ends, splits, unclosed = breaks[~inside[breaks]], splits[~inside[splits]], bool(inside[-1])
    if not len(ends) or ends[-1] != len(data) - 1:
        ends = np.append(ends, len(data))
    starts = np.append(0, ends[:-1] + 1)
    lines = np.searchsorted(breaks, starts) + 1
    if unclosed:
        raise DataError(f"{source}, line {lines[-1]}: a quotation mark is never closed; close or remove it.")
    stray = _stray_quote(chars, delimiter)
    if stray is not None:
        line = np.searchsorted(breaks, stray) + 1
        raise DataError(f"{source}, line {line}: quotation mark inside a field; double or remove it.")
    fields = np.searchsorted(splits, ends) - np.searchsorted(splits, starts) + 1
    return Records(starts, ends, lines, fields)


def _stray_quote(chars: NDArray[np.uint8], delimiter: str) -> int | None:
    """The first mark that opens a field but does not begin it, or closes one but does not end it."""
    marks = np.flatnonzero(chars == _QUOTE)
    opening, closing = marks[::2], marks[1::2]
    edges = [_NEWLINE, ord(delimiter), _QUOTE]  # adjacent marks are a doubled mark
    inner = opening[(opening > 0) & ~np.isin(chars[opening - 1], edges)]
    open_ended = closing[(closing < len(chars) - 1) & ~np.isin(chars[np.minimum(closing + 1, len(chars) - 1)], edges)]
    stray = np.concatenate([inner, open_ended])
    return int(stray.min()) if len(stray) else None
