"""Quarters, months, weeks, and days with the name of their month, as text: each is the time at which it begins."""

import re
from collections.abc import Callable
from datetime import date, datetime, time

import polars as pl

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_YEAR = r"(?P<year>[12]\d{3})"
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_WEEKDAY = r"(?:(?:[Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|[Ss]un)[a-z]*[.,]? )?"
_DAY = r"(?P<day>\d{1,2})"
_CLOCK = r"(?:[T ,]+(?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?"


def _quarter(found: re.Match[str]) -> date:
    return date(int(found["year"]), 3 * int(found["quarter"]) - 2, 1)


def _month(found: re.Match[str]) -> date:
    return date(int(found["year"]), int(found["month"]), 1)


def _named_month(found: re.Match[str]) -> date:
    name = found["name"].lower()
    return date(int(found["year"]), 1 + next(at for at, one in enumerate(_MONTHS) if one.startswith(name)), 1)


def _named_day(found: re.Match[str]) -> date:
    day = _named_month(found).replace(day=int(found["day"]))
    return day if found["clock"] is None else datetime.combine(day, time.fromisoformat(found["clock"]))


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
    (re.compile(_WEEKDAY + _NAME + r"[-/. ]?" + _DAY + r"[-/, ]+" + _YEAR + _CLOCK), _named_day),
    (re.compile(_WEEKDAY + _DAY + r"[-/. ]*" + _NAME + r"[-/, ]*" + _YEAR + _CLOCK), _named_day),
    (re.compile(_YEAR + r"[-/ ]?" + _NAME + r"[-/ ]?" + _DAY + _CLOCK), _named_day),
    (re.compile(_YEAR + r"-?W(?P<week>\d{2})"), _week),
    (re.compile(r"(?P<first>\d{4}-\d{2}-\d{2})/\d{4}-\d{2}-\d{2}"), _first_day),
)


def parse_periods(cells: pl.Series) -> pl.Series | None:
    """The first moment of each period, null where a cell is not written like the first; None if that is no period.

    Quarters are `1995Q1`, `1995-Q1` or `Q1 1995`; months `1995-01`, `1995M01`, `Jan 1995` or `01/1995`; weeks
    `1995-W01` or `1995-01-02/1995-01-08`; days `Jan-1-1995`, `1 January 1995` or `1995-Jan-01`, also with a clock
    (`01-Jan-1995 12:30`).
    """
    style = next((one for one in _STYLES if one[0].fullmatch(cells[0] or "")), None)
    if style is None:
        return None
    distinct = cells.unique()
    moments = pl.Series([_parsed(cell, *style) for cell in distinct], dtype=pl.Datetime("us"))
    return cells.replace_strict(distinct, moments, return_dtype=pl.Datetime("us")).alias(cells.name)


def _parsed(cell: str | None, pattern: re.Pattern[str], parse: Callable[[re.Match[str]], date]) -> datetime | None:
    found = pattern.fullmatch(cell or "")
    try:
        moment = None if found is None else parse(found)
    except (ValueError, StopIteration):
        return None
    return moment if moment is None or isinstance(moment, datetime) else datetime.combine(moment, time())
