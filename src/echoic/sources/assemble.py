"""Conversion of a table to series: rows are grouped by series, sorted, and placed on a time grid."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from echoic.config.table import TableSettings
from echoic.errors import ConfigError
from echoic.sources.base import DataReport, Dataset, fingerprint_of
from echoic.sources.calendar_columns import with_calendar
from echoic.sources.cells import is_coarse, numeric_column
from echoic.sources.dates import parse_times
from echoic.sources.gridded import Columns, combined, on_grid
from echoic.sources.placeholders import placeholder
from echoic.sources.placing import PlacedRows, place_in_time
from echoic.sources.roles import Roles, resolve_roles
from echoic.sources.table import Table
from echoic.sources.usable import usable
from echoic.types import Series, TimedRows, Values
from echoic.types.frequency import Steps
from echoic.types.timebase import INDEX

_OF_TIMES = ("date_format", "gaps", "sort", "time_zone", "freq", "resample")
"""Settings without effect on tables without times."""

_LIMIT_GROWTH, _LIMIT_STEPS = 10, 1_000_000


def assemble(table: Table, settings: TableSettings) -> Dataset:
    """The series of a table in the wide or the long format.

    Raises:
        DataError: see `echoic.sources.read`.
        ConfigError: the settings contradict each other.
    """
    if settings.format == "m4":
        raise ConfigError("`format` m4 is for CSV files; use wide or long for other data.")
    table = with_calendar(table, settings)
    roles = resolve_roles(table, settings)
    # First, since a column that is named by mistake makes another one of those to predict.
    parsed = None if roles.time is None else parse_times(table, roles.time, settings.date_format)
    if roles.time is None:
        settings.refuse_changed(_OF_TIMES, "without times; name their column with --time.")
    groups = _rows_by_series(table, roles.id)
    placed = (
        _place_by_index(groups) if parsed is None else place_in_time(table, roles.time or "", groups, parsed, settings)
    )
    _check_growth(table, placed)
    cells = _numeric_cells(table, roles, settings.decimal)
    for one in placed:
        _check_static(table, roles, cells[one.rows], one)
    found, skipped = usable(
        placed,
        lambda one: (one, _series(table, roles, cells, one, settings.resample)),
        settings.on_error,
        origin=table.source,
        kind="series",
    )
    placed, series = [one for one, _ in found], tuple(one for _, one in found)
    zeros = settings.resample in ("sum", "count")
    report = replace(_report(table, roles, cells, placed, series, zeros=zeros), skipped=skipped)
    return Dataset(series, report, table.fingerprint or fingerprint_of(series), table.source)


def _numeric_cells(table: Table, roles: Roles, decimal: str) -> Values:
    """All columns that hold numbers, `(rows, columns)` in the order of `roles.numeric`."""
    covariate = "covariates must be numbers, so encode it as some"
    target = "leave it out by choosing the columns to predict with --target"
    if roles.time is None:
        target = "name it with --time if it holds times, or choose the columns to predict with --target"
    if table.dataframe.columns[:2] == ["V1", "V2"]:
        target = "if every row is a series, pass --format m4"
    columns = []
    for name in roles.numeric:
        remedy = target if name in roles.target else covariate
        column = table.dataframe[name]
        if roles.id is None and column.dtype == pl.String and 2 * column.n_unique() <= len(column):
            remedy = f"name it with --id if it names the series, or {remedy}"
        values = numeric_column(table, name, decimal, remedy)
        if np.isnan(values).all():
            raise table.error("the column holds no value at all; fill it in or leave the column out.", column=name)
        columns.append(values)
    return np.column_stack(columns)


def _rows_by_series(table: Table, id_column: str | None) -> list[tuple[str, Steps]]:
    """Names and rows of the series, in the order in which they first appear."""
    rows = np.arange(table.dataframe.height)
    if id_column is None:
        return [(table.name, rows)]
    ids = table.dataframe[id_column]
    if ids.dtype.is_nested() or ids.dtype == pl.Object:
        raise table.error(
            f"the column holds {ids.dtype} values, which name no series; give text or numbers.", column=id_column
        )
    names = ids.cast(pl.String, strict=False).str.strip_chars()
    unnamed = names.fill_null("") == ""
    if unnamed.any():
        message = "the row names no series; fill it in or remove the row."
        raise table.error(message, row=unnamed.arg_max(), column=id_column)
    starts = names.ne_missing(names.shift()).arg_true()
    runs = names.gather(starts)
    if runs.n_unique() == len(runs):  # the rows of each series follow one another
        ends = [*starts.to_list()[1:], len(names)]
        return [(name, rows[begin:end]) for name, begin, end in zip(runs, starts, ends, strict=True)]
    groups = pl.DataFrame({"name": names}).with_row_index("row").group_by("name", maintain_order=True).agg("row")
    return [(name, group.to_numpy().astype(np.int64)) for name, group in zip(*groups, strict=True)]


def _place_by_index(groups: list[tuple[str, Steps]]) -> list[PlacedRows]:
    return [PlacedRows(name, rows, np.arange(len(rows)), INDEX) for name, rows in groups]


def _check_growth(table: Table, placed: list[PlacedRows]) -> None:
    """Checks the number of inserted rows, so that a mistyped year does not exhaust the memory."""
    steps = sum(one.length for one in placed)
    if steps > max(_LIMIT_GROWTH * table.dataframe.height, _LIMIT_STEPS):
        widest = max(placed, key=lambda one: int(np.diff(one.steps).max(initial=0)))
        row = int(widest.rows[np.diff(widest.steps).argmax() + 1])
        message = (
            f"filling the gaps would turn {table.dataframe.height:,} rows into {steps:,}; check the time in this row."
        )
        raise table.error(message, row=row)


def _series(table: Table, roles: Roles, cells: Values, placed: PlacedRows, method: str | None) -> Series:
    columns = Columns(roles.target, roles.past, roles.future, roles.static)
    rows = cells[placed.rows]
    if placed.times is None or method is None:
        made = on_grid(placed.name, columns, rows, placed.steps, placed.time, origin=table.source)
    else:
        timed = TimedRows(placed.times, rows)
        made = combined(placed.name, columns, timed, placed.steps, placed.time, method, origin=table.source)
    if np.isnan(made.values).all():
        raise table.error(f"series {placed.name!r} has no value to predict; remove it.", row=int(placed.rows[0]))
    return made


def _check_static(table: Table, roles: Roles, rows: Values, placed: PlacedRows) -> None:
    static = rows[:, rows.shape[1] - len(roles.static) :]
    same = (static == static[0]) | (np.isnan(static) & np.isnan(static[0]))
    if not same.all():
        row, column = (int(index) for index in np.argwhere(~same)[0])
        message = (
            f"the value changes within series {placed.name!r}; static columns must not, so name it with "
            "--past-covariates or --future-covariates."
        )
        raise table.error(message, row=int(placed.rows[row]), column=roles.static[column])


def _report(
    table: Table, roles: Roles, cells: Values, placed: list[PlacedRows], series: tuple[Series, ...], *, zeros: bool
) -> DataReport:
    future_rows = sum(int((one.steps >= read.steps).sum()) for one, read in zip(placed, series, strict=True))
    missing = dict(zip(roles.numeric, np.isnan(cells).sum(axis=0).tolist(), strict=True))
    for name in roles.target:
        missing[name] -= future_rows
    inserted = sum(one.length - one.filled for one in placed)
    varies = _varies(cells)
    if any(one.rows is not None for one in series):  # sums of equal rows differ, where their number does
        varies[: len(roles.target)] = _varies(np.concatenate([one.values for one in series]))
    return DataReport(
        rows=table.dataframe.height,
        series=len(series),
        steps=sum(one.steps for one in series),
        values=sum(int(np.isfinite(one.values).sum()) for one in series),
        missing=missing,
        inserted_rows=0 if zeros else inserted,
        zero_rows=inserted if zeros else 0,
        combined_rows=sum(len(one.rows) - one.filled for one in placed),
        reordered_rows=sum(int((one.rows != np.sort(one.rows)).sum()) for one in placed),
        future_rows=future_rows,
        constant=tuple(name for name, changes in zip(roles.numeric, varies, strict=True) if not changes),
        coarse=tuple(
            name
            for name, values in zip(roles.numeric, cells.T, strict=True)
            if is_coarse(values, table.dataframe[name].dtype)
        ),
        placeholders=tuple(
            (name, *found)
            for name, values in zip(roles.numeric, cells.T, strict=True)
            if (found := placeholder(values)) is not None
        ),
        ignored=(*table.ignored, *roles.ignored),
        frequencies=tuple(sorted({str(one.time.frequency) for one in placed})),
        encoding=table.encoding,
        bom=table.bom,
        blank_lines=table.blank_lines,
        zones=tuple(sorted({one.time.zone for one in placed if one.time.zone is not None})),
        found_time=roles.time if roles.found_time else None,
    )


def _varies(values: Values) -> NDArray[np.bool_]:
    """Whether each column of `values` `(rows, columns)` has two numbers that differ."""
    return np.asarray(np.nanmin(values, axis=0) < np.nanmax(values, axis=0))
