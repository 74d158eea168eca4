"""Files of the Monash forecasting archive (.tsf), with one line per series: its attributes, then its values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from echoic.config.numbers import number_in
from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources.assemble import assemble
from echoic.sources.base import Dataset
from echoic.sources.table import Table, quoted
from echoic.sources.textfile import read_text
from echoic.types import Values
from echoic.types.frequency import DAY_US, Frequency, Times, Unit

_NAME, _START = "series_name", "start_timestamp"
_ID, _TIME, _TARGET = "unique_id", "ds", "y"
_STARTS = ("%Y-%m-%d %H-%M-%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
_SIZES: dict[str, tuple[Unit, int]] = {
    "second": ("us", DAY_US // 86_400),
    "minute": ("us", DAY_US // 1_440),
    "hour": ("us", DAY_US // 24),
    "da": ("us", DAY_US),
    "day": ("us", DAY_US),
    "week": ("us", 7 * DAY_US),
    "month": ("month", 1),
    "quarter": ("month", 3),
    "year": ("month", 12),
}
_FREQUENCY = re.compile(r"(?:(?P<count>[1-9]\d{0,5})_)?(?P<half>half_)?(?P<size>[a-z]+?)(?:i?ly|s)?")
_KINDS = ("string", "numeric", "date")


@dataclass
class _Header:
    """What the lines before `@data` declare: the attributes of each series in order, and the distance of its steps."""

    kinds: dict[str, str] = field(default_factory=dict)
    frequency: Frequency | None = None


class _Line(NamedTuple):
    """A series: its line in the file, the cells of its attributes, and its values."""

    number: int
    cells: dict[str, str]
    values: Values


def read(data: str | Path, settings: TableSettings) -> Dataset:
    """Reads a .tsf file as a long table: the names of the series, their times, values `y` and other attributes.

    Raises:
        DataError: the file or a line of it cannot be read; the message has the line and the remedy.
        ConfigError: the encoding is not allowed, or a named column does not exist.
    """
    return assemble(read_table(Path(data), settings), settings)


def read_table(path: Path, settings: TableSettings) -> Table:
    """The series of a .tsf file, one below the other; columns `unique_id`, `ds` (where it has start times) and `y`.

    Raises:
        DataError: the file or a line of it cannot be read.
        ConfigError: the encoding is not allowed.
    """
    text = read_text(path, settings.encoding)
    header, found, begun = _Header(), list[_Line](), False
    for number, raw in enumerate(text.data.decode().split("\n"), 1):
        line, place = raw.strip(), f"{path}, line {number}"
        if not line or line.startswith("#"):
            continue
        if begun:
            found.append(_series(number, place, line, header))
        elif line.lower() == "@data":
            begun = True
        else:
            _declare(place, line, header)
    if not begun:
        raise DataError(f"{path} has no @data line; give a complete .tsf file.")
    if not found:
        raise DataError(f"{path} has no series below @data; add some.")
    frame = _frame(path, header, found)
    lines = np.repeat([one.number for one in found], [len(one.values) for one in found])
    return Table(frame, str(path), text.name, lines, text.fingerprint, encoding=text.encoding, bom=text.bom)


def _declare(place: str, line: str, header: _Header) -> None:
    """Notes an attribute or the frequency; `@horizon`, `@missing` and other lines say nothing that reading needs."""
    word, *rest = line.split()
    if not word.startswith("@"):
        raise DataError(f"{place} is none of a .tsf file: a line before @data begins with @ or #; correct it.")
    if word.lower() == "@attribute":
        if len(rest) != 2 or rest[1].lower() not in _KINDS or rest[0] in header.kinds:
            raise DataError(
                f"{place} must declare a new attribute, such as `@attribute {_NAME} string`; the kinds are "
                f"{', '.join(_KINDS)}."
            )
        header.kinds[rest[0]] = rest[1].lower()
    if word.lower() == "@frequency":
        header.frequency = _frequency(place, " ".join(rest))


def _frequency(place: str, name: str) -> Frequency:
    """`10_minutes`, `half_hourly` or `quarterly`."""
    parts = _FREQUENCY.fullmatch(name.lower())
    if parts is None or parts["size"] not in _SIZES:
        raise DataError(
            f"{place}: {quoted(name)} is no frequency; it must be one such as 10_minutes, half_hourly, daily or "
            "quarterly."
        )
    unit, count = _SIZES[parts["size"]]
    count *= int(parts["count"] or 1)
    return Frequency(unit, count // 2 if parts["half"] else count)


def _series(number: int, place: str, line: str, header: _Header) -> _Line:
    *cells, values = line.split(":")
    if len(cells) != len(header.kinds):
        raise DataError(
            f"{place} has {len(cells)} attributes before its values, but the header declares {len(header.kinds)}; "
            "correct the line."
        )
    texts = values.split(",")
    try:
        numbers = np.array([np.nan if text.strip() == "?" else number_in(text) for text in texts])
    except ValueError as error:
        raise DataError(f"{place}: {error}; write one, or ? for a missing value.") from None
    return _Line(number, {name: cell.strip() for name, cell in zip(header.kinds, cells, strict=True)}, numbers)


def _frame(path: Path, header: _Header, found: Sequence[_Line]) -> pl.DataFrame:
    """All rows of all series: name, time, value, and the other attributes of its series."""
    names = [one.cells.get(_NAME, f"series {at}") for at, one in enumerate(found, 1)]
    columns = {_ID: pl.Series(names, dtype=pl.String)}
    for name, kind in header.kinds.items():
        if name not in {_NAME, _START}:
            columns[name] = _attribute(path, name, kind, found)
    seen = {""}
    for one, name in zip(found, names, strict=True):
        if name in seen:
            raise DataError(f"{path}, line {one.number}: {quoted(name)} is empty or the name of two series; rename it.")
        seen.add(name)
    lengths = [len(one.values) for one in found]
    rows = pl.DataFrame(columns)[np.repeat(np.arange(len(found)), lengths)]
    if _START in header.kinds:
        rows = rows.with_columns(pl.Series(_TIME, np.concatenate([_times(path, header, one) for one in found])))
    return rows.with_columns(pl.Series(_TARGET, np.concatenate([one.values for one in found])))


def _attribute(path: Path, name: str, kind: str, found: Sequence[_Line]) -> pl.Series:
    """An attribute of each series: numbers, or text."""
    cells = pl.Series([one.cells[name] for one in found], dtype=pl.String)
    if kind != "numeric":
        return cells
    numbers = cells.replace("?", None).cast(pl.Float64, strict=False)
    bad = numbers.is_null() & (cells != "?")
    if bad.any():
        at = bad.arg_max() or 0
        raise DataError(f"{path}, line {found[at].number}: {quoted(cells[at])} in {name} is not a number; correct it.")
    return numbers


def _times(path: Path, header: _Header, one: _Line) -> Times:
    """The time of each step of a series."""
    if header.frequency is None:
        raise DataError(f"{path} has start times and no @frequency; add a line such as `@frequency daily` to its head.")
    for form in _STARTS:
        try:
            start = np.datetime64(datetime.strptime(one.cells[_START], form), "us")  # noqa: DTZ007 (they have none)
        except ValueError:
            continue
        return header.frequency.advance(start, np.arange(len(one.values)))
    raise DataError(
        f"{path}, line {one.number}: {quoted(one.cells[_START])} is no start time such as 1990-01-31 00-00-00; "
        "correct it."
    )
