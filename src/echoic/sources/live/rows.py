"""Values as lines that arrive: CSV with or without a header, or JSON."""

import csv
import json
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.config.numbers import number_in
from echoic.errors import DataError
from echoic.types.counted import counted

_DELIMITERS = "\t;,"
"""The first one that a line has: a comma beside another one is part of a number."""

_MISSING = {"", "na", "nan", "null", "none"}
_MAX_LINE = 1 << 20


class RowReader:
    """Reads the values of `features` line by line.

    CSV columns are taken by the names of a header, if the first line is one; otherwise in the order of `features`,
    after an optional column of times. JSON lines are objects by name, lists in order, or single numbers. Missing
    values are NaN.
    """

    def __init__(self, features: Sequence[str], name: str) -> None:
        self._features = tuple(features)
        self._name = name
        self._line = 0
        self._places: list[int] | None = None
        self._delimiter = ","

    def read(self, line: str) -> NDArray[np.float64] | None:
        """The values `(1, features)` of a line; None for a header or an empty line.

        Raises:
            DataError: a value is missing or no number; the message has the line.
        """
        self._line += 1
        text = line.strip().removeprefix("\ufeff")
        if len(text) > _MAX_LINE:
            raise self._wrong("is too long; give one step per line")
        if not text:
            return None
        cells = self._json(text) if text[0] in "{[" else self._csv(text)
        if cells is None:
            return None
        pairs = zip(cells, self._features, strict=True)
        return np.array([[self._number(cell, name) for cell, name in pairs]])

    def _json(self, text: str) -> list[object]:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise self._wrong("is no JSON; give one object or list per line") from None
        if isinstance(found, dict):
            for name in self._features:
                if name not in found:
                    raise self._wrong(f"has no {name!r}; there are {', '.join(map(str, found))}")
            return [found[name] for name in self._features]
        if len(found) != len(self._features):
            raise self._wrong(f"has {counted(len(found), 'value')}; the run takes {', '.join(self._features)}")
        return list(found)

    def _csv(self, text: str) -> list[object] | None:
        if self._places is None:
            self._delimiter = next((one for one in _DELIMITERS if one in text), ",")
        try:
            (cells,) = csv.reader([text], delimiter=self._delimiter)
        except (csv.Error, ValueError):
            raise self._wrong("is no line of CSV") from None
        cells = [cell.strip() for cell in cells]
        if self._places is None:
            is_header = any(name in cells for name in self._features) or all(map(_is_name, cells))
            self._places = self._by_header(cells) if is_header else self._in_order(cells)
            if is_header:
                return None
        if max(self._places) >= len(cells):
            raise self._wrong(f"has {counted(len(cells), 'column')}; the first line had more")
        return [cells[place] for place in self._places]

    def _by_header(self, cells: list[str]) -> list[int]:
        for name in self._features:
            if name not in cells:
                raise self._wrong(f"has no column {name!r}; there are {', '.join(cells)}")
        return [cells.index(name) for name in self._features]

    def _in_order(self, cells: list[str]) -> list[int]:
        extra = len(cells) - len(self._features)
        if extra not in {0, 1}:
            raise self._wrong(
                f"has {counted(len(cells), 'column')} and no header; the run takes {', '.join(self._features)}, after "
                "an optional time. Send the header as well, as by (head -1 FILE; tail -f FILE)"
            )
        return list(range(extra, len(cells)))

    def _number(self, cell: object, name: str) -> float:
        if cell is None or (isinstance(cell, str) and cell.lower() in _MISSING):
            return math.nan
        if isinstance(cell, bool) or not isinstance(cell, str | int | float):
            raise self._wrong(f"has {cell!r:.40} for {name!r}, which is no number")
        try:
            value = number_in(cell) if isinstance(cell, str) else float(cell)
        except (ValueError, OverflowError):
            raise self._wrong(f"has {cell!r:.40} for {name!r}, which is no number") from None
        if math.isinf(value):
            raise self._wrong(f"has an infinite value for {name!r}; leave it empty if it is missing")
        return value

    def _wrong(self, what: str) -> DataError:
        return DataError(f"{self._name}: line {self._line} {what}.")


def _is_name(cell: str) -> bool:
    return cell[:1].isalpha() and cell.lower() not in _MISSING
