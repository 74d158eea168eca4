"""Quarters, months and weeks as text: each is the time at which it begins."""

import re
from collections.abc import Callable
from datetime import date

import polars as pl

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_YEAR = r"(?P<year>[12]\d{3})"
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"


def _quarter(found: re.Match[str]) -> date:
    return date(int(found["year"]), 3 * int(found["quarter"]) - 2, 1)


def _month(found: re.Match[str]) -> date:
    return date(int(found["year"]), int(found["month"]), 1)


def _named_month(found: re.Match[str]) -> date:
    name = found["name"].lower()
    return date(int(found["year"]), 1 + next(at for at, one in enumerate(_MONTHS) if one.startswith(name)), 1)


def _week(found: re.Match[str]) -> date:
    return date.fromisocalendar(int(found["year"]), int(found["week"]), 1)


def _first_day(found: re.Match[str]) -> date:
    return date.fromisoformat(found["first"])


_STYLES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date]], ...] = (
    (re.compile(_YEAR + r"[-/ ]?[Qq](?P<quarter>[1-4])"), _quarter),
    (re.compile(r"[Qq](?P<quarter>[1-4])[-/ ]?" + _YEAR), _quarter),
    (re.compile(_YEAR + r"[-/. ]?[Mm](?P<month>\d{1,2})"), _month),
    (re.compile(_YEAR + r"[-/.](?P<month>\d{1,2})"), _month),
    (re.compile(r"(?P<month>\d{1,2})[-/.]" + _YEAR), _month),
    (re.compile(_YEAR + r"[-/ ]?" + _NAME), _named_month),
    (re.compile(_NAME + r"[-/, ]*" + _YEAR), _named_month),
    (re.compile(_YEAR + r"-?W(?P<week>\d{2})"), _week),
    (re.compile(r"(?P<first>\d{4}-\d{2}-\d{2})/\d{4}-\d{2}-\d{2}"), _first_day),
)


def parse_periods(cells: pl.Series) -> pl.Series | None:
    """The first moment of each period, null where a cell is not written like the first; None if that is no period.

    Quarters are `1995Q1`, `1995-Q1` or `Q1 1995`; months `1995-01`, `1995M01`, `Jan 1995` or `01/1995`; weeks
    `1995-W01` or `1995-01-02/1995-01-08`.
    """
    style = next((one for one in _STYLES if one[0].fullmatch(cells[0] or "")), None)
    if style is None:
        return None
    distinct = cells.unique()
    days = pl.Series([_parsed(cell, *style) for cell in distinct], dtype=pl.Date)
    return cells.replace_strict(distinct, days, return_dtype=pl.Date).cast(pl.Datetime("us")).alias(cells.name)


def _parsed(cell: str | None, pattern: re.Pattern[str], parse: Callable[[re.Match[str]], date]) -> date | None:
    found = pattern.fullmatch(cell or "")
    try:
        return None if found is None else parse(found)
    except (ValueError, StopIteration):
        return None
