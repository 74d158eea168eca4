"""A calendar made of several columns, such as year and month, as one column of times."""

from dataclasses import replace

import polars as pl

from echoic.config.table import TableSettings
from echoic.sources.dates import is_date_column
from echoic.sources.table import Table

_RANGES = {
    "year": (1000, 2999),
    "quarter": (1, 4),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
}
_FORMS = {
    ("year", "quarter"): "{}Q{}",
    ("year", "month"): "{}-{}",
    ("year", "month", "day"): "{}-{}-{}",
    ("year", "month", "day", "hour"): "{}-{}-{} {}:00",
    ("year", "month", "day", "hour", "minute"): "{}-{}-{} {}:{}",
}

JOINT = "+"
"""Between the names of the columns in the name of the joined one."""


def with_calendar(table: Table, settings: TableSettings) -> Table:
    """The table with its columns of a calendar joined to one, if `settings.time` names them or no other has dates.

    Columns of a calendar are whole numbers in its ranges under its names: year, and quarter, or month, day, hour and
    minute. Beside other times they say nothing more, and are ignored; those with a role in the settings remain.
    """
    calendar = _columns(table.dataframe)
    columns = table.dataframe.columns
    name = JOINT.join(calendar.values())
    roles = {settings.id, *settings.target, *_covariates(settings)}
    if len(calendar) < 2 or settings.time in calendar.values() or len(calendar) == len(columns):
        return table
    left_out = [one for one in calendar.values() if one not in roles]
    others = [one for one in columns if one not in calendar.values()]
    has_dates = settings.time is not None or any(is_date_column(table.dataframe[one]) for one in others)
    if settings.time != name and has_dates:
        return replace(table, dataframe=table.dataframe.drop(left_out), ignored=(*table.ignored, *left_out))
    texts = pl.format(_FORMS[tuple(calendar)], *(_text(*one) for one in calendar.items())).alias(name)
    return replace(table, dataframe=table.dataframe.with_columns(texts).drop(left_out))


def _columns(dataframe: pl.DataFrame) -> dict[str, str]:
    """The columns of the finest calendar that is complete, by their part of it."""
    names = {one.lower(): one for one in dataframe.columns}
    found = {part: names[part] for part in _RANGES if part in names and _is_part(dataframe[names[part]], part)}
    forms = [form for form in _FORMS if all(part in found for part in form)]
    return {part: found[part] for part in max(forms, key=len, default=())}


def _is_part(column: pl.Series, part: str) -> bool:
    numbers = column.cast(pl.Float64, strict=False)
    low, high = _RANGES[part]
    return not numbers.null_count() and bool(((numbers % 1 == 0) & numbers.is_between(low, high)).all())


def _text(part: str, name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.Float64).cast(pl.Int64).cast(pl.String)
    return text if part == "quarter" else text.str.zfill(2)


def _covariates(settings: TableSettings) -> tuple[str, ...]:
    return (*settings.past_covariates, *settings.future_covariates, *settings.static_covariates)
