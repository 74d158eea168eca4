"""The roles of a table's columns."""

from dataclasses import dataclass

import polars as pl

from echoic.config.base import suggestion
from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources.dates import is_date_column
from echoic.sources.table import Table

_LONG_ID, _LONG_TIME, _LONG_TARGET = "unique_id", "ds", "y"

NO_TIME = "none"
"""The value of `time` that counts steps, whether a column holds dates or not."""


@dataclass(frozen=True)
class Roles:
    """Names of columns; `id` and `time` are None where there is none."""

    id: str | None
    time: str | None
    target: tuple[str, ...]
    past: tuple[str, ...]
    future: tuple[str, ...]
    static: tuple[str, ...]
    ignored: tuple[str, ...]
    found_time: bool = False
    """Whether `time` is not named, but the only column that holds dates."""

    @property
    def numeric(self) -> tuple[str, ...]:
        """All columns that must hold numbers."""
        return (*self.target, *self.past, *self.future, *self.static)


def resolve_roles(table: Table, settings: TableSettings) -> Roles:
    """The role of every column: as named in the settings, otherwise by the format.

    Raises:
        DataError: a named column does not exist or is named twice, or several hold dates and none is named.
    """
    columns = table.dataframe.columns
    is_long = settings.format == "long" or (settings.format == "auto" and (settings.id or _LONG_ID in columns))
    if settings.id and not is_long:
        raise ConfigError(
            f"`id` names the series of the long format, got format {settings.format!r}; drop one of them."
        )
    name = settings.id or (_LONG_ID if is_long else None)
    covariates = (*settings.past_covariates, *settings.future_covariates, *settings.static_covariates)
    time = None if settings.time == NO_TIME else settings.time
    if time is None and settings.time is None and is_long and _LONG_TIME in columns:
        time = _LONG_TIME
    named = [column for column in (name, time, *settings.target, *covariates) if column is not None]
    _check_names(table, named)
    dates = [one for one in columns if one not in named and is_date_column(table.dataframe[one])]
    if time is not None:  # beside the times, whole numbers are values
        dates = [one for one in dates if not _holds_numbers(table.dataframe[one])]
    found = time is None and settings.time is None and len(dates) == 1
    if found:
        time = dates[0]
    target = settings.target
    if not target:
        rest = tuple(column for column in columns if column not in {*named, *dates})
        target = (_LONG_TARGET,) if is_long and _LONG_TARGET in rest else rest
        if not target:
            raise DataError(f"{table.source}: no column is left to predict; name some with --target.")
        if time is None and settings.time is None and dates:
            raise _several_dates(table, dates)
    ignored = tuple(column for column in columns if column not in {*named, *target, time})
    past, future, static = settings.past_covariates, settings.future_covariates, settings.static_covariates
    return Roles(name, time, target, past, future, static, ignored, found)


def refuse_columns(settings: TableSettings, kind: str) -> None:
    """Refuses settings that name columns, for data without named columns.

    Raises:
        ConfigError: a setting names a column.
    """
    for setting in ("time", "target", "id", "past_covariates", "future_covariates", "static_covariates"):
        if getattr(settings, setting) not in {None, (), NO_TIME}:
            raise ConfigError(f"`{setting}` names a column, but {kind} has no named columns; leave it out.")


def _check_names(table: Table, named: list[str]) -> None:
    columns = table.dataframe.columns
    for column in named:
        if column not in columns:
            known = ", ".join(columns[:8]) + (", ..." if len(columns) > 8 else "")
            hint = suggestion(column, columns) or f"; there are {known}."
            raise DataError(f"{table.source}: no column {column!r}{hint}")
        if named.count(column) > 1:
            raise DataError(f"{table.source}: column {column!r} has two roles; name it once.")


def _holds_numbers(column: pl.Series) -> bool:
    return not column.dtype.is_temporal() and column.cast(pl.Float64, strict=False).null_count() == 0


def _several_dates(table: Table, dates: list[str]) -> DataError:
    listed = " and ".join(filter(None, [", ".join(dates[:-1]), dates[-1]]))
    return DataError(
        f"{table.source}: the columns {listed} hold dates; name that of the times with --time, or pass "
        f"--time {NO_TIME} to count steps."
    )
