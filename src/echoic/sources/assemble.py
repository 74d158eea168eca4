"""Conversion of a table to series: rows are grouped by series, sorted, and placed on a time grid."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from echoic.config.table import TableSettings
from echoic.errors import ConfigError
from echoic.sources.base import DataReport, Dataset, fingerprint_of
from echoic.sources.cells import numeric_column
from echoic.sources.dates import parse_times
from echoic.sources.grid import Rows, common_frequency, frequency_of, in_order, positions_on_grid
from echoic.sources.roles import Roles, resolve_roles
from echoic.sources.table import Table
from echoic.types import Covariates, Floats, Series
from echoic.types.timebase import INDEX, TimeBase, Times

_LIMIT_GROWTH, _LIMIT_STEPS = 10, 1_000_000


@dataclass(frozen=True)
class _PlacedRows:
    """The rows of one series in order, and the step of each."""

    name: str
    rows: Rows
    steps: Rows
    time: TimeBase

    @property
    def length(self) -> int:
        return int(self.steps[-1]) + 1


def assemble(table: Table, settings: TableSettings) -> Dataset:
    """The series of a table in the wide or the long format.

    Raises:
        DataError: see `echoic.sources.read`.
        ConfigError: the settings contradict each other.
    """
    if settings.format == "m4":
        raise ConfigError("`format` m4 is for CSV files; use wide or long for other data.")
    roles = resolve_roles(table, settings)
    cells = _numeric_cells(table, roles, settings.decimal)
    times, utc = (None, False) if roles.time is None else parse_times(table, roles.time, settings.date_format)
    if roles.time is None:
        settings.refuse_changed(("date_format", "gaps", "sort"), "without times; name their column with --time.")
    groups = _rows_by_series(table, roles.id)
    placed = _place_by_index(groups) if times is None else _place_in_time(table, roles, groups, times, settings)
    _check_growth(table, placed)
    series = tuple(_series(table, roles, cells, one) for one in placed)
    report = _report(table, roles, cells, placed, series, utc=utc)
    return Dataset(series, report, table.fingerprint or fingerprint_of(series), table.source)


def _numeric_cells(table: Table, roles: Roles, decimal: str) -> Floats:
    """All columns that hold numbers, `(rows, columns)` in the order of `roles.numeric`."""
    covariate = "covariates must be numbers, so encode it as some"
    target = "leave it out by choosing the columns to predict with --target"
    if roles.time is None:
        target = "name it with --time if it holds times, or choose the columns to predict with --target"
    if table.dataframe.columns[:2] == ["V1", "V2"]:
        target = "if every row is a series, pass --format m4"
    columns = []
    for name in roles.numeric:
        values = numeric_column(table, name, decimal, target if name in roles.target else covariate)
        if np.isnan(values).all():
            raise table.error("the column holds no value at all; fill it in or leave the column out.", column=name)
        columns.append(values)
    return np.column_stack(columns)


def _rows_by_series(table: Table, id_column: str | None) -> list[tuple[str, Rows]]:
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
    groups = pl.DataFrame({"name": names}).with_row_index("row").group_by("name", maintain_order=True).agg("row")
    return [(name, group.to_numpy().astype(np.int64)) for name, group in zip(*groups, strict=True)]


def _place_by_index(groups: list[tuple[str, Rows]]) -> list[_PlacedRows]:
    return [_PlacedRows(name, rows, np.arange(len(rows)), INDEX) for name, rows in groups]


def _place_in_time(
    table: Table, roles: Roles, groups: list[tuple[str, Rows]], times: Times, settings: TableSettings
) -> list[_PlacedRows]:
    column = roles.time or ""
    ordered = [(name, in_order(table, column, times, rows, sort=settings.sort)) for name, rows in groups]
    common = common_frequency(times[max((rows for _, rows in ordered), key=len)])
    placed = []
    for name, rows in ordered:
        frequency = frequency_of(times[rows], common)
        mask = settings.gaps == "mask"
        steps = positions_on_grid(table, column, times, rows, frequency, mask_gaps=mask)
        placed.append(_PlacedRows(name, rows, steps, TimeBase(frequency, times[rows[0]])))
    return placed


def _check_growth(table: Table, placed: list[_PlacedRows]) -> None:
    """Checks the number of inserted rows, so that a mistyped year does not exhaust the memory."""
    steps = sum(one.length for one in placed)
    if steps > max(_LIMIT_GROWTH * table.dataframe.height, _LIMIT_STEPS):
        widest = max(placed, key=lambda one: int(np.diff(one.steps).max(initial=0)))
        row = int(widest.rows[np.diff(widest.steps).argmax() + 1])
        message = (
            f"filling the gaps would turn {table.dataframe.height:,} rows into {steps:,}; check the time in this row."
        )
        raise table.error(message, row=row)


def _series(table: Table, roles: Roles, cells: Floats, placed: _PlacedRows) -> Series:
    ends = np.cumsum([len(roles.target), len(roles.past), len(roles.future)])
    target, past, future, static = (slice(start, end) for start, end in zip([0, *ends], [*ends, None], strict=True))
    rows = cells[placed.rows]
    grid = np.full((placed.length, cells.shape[1]), np.nan, np.float32)
    grid[placed.steps] = rows
    steps = _known_steps(rows, placed.steps, target, future)
    if np.isnan(grid[:steps, target]).all():
        raise table.error(f"series {placed.name!r} has no value to predict; remove it.", row=int(placed.rows[0]))
    _check_static(table, roles, rows[:, static], placed)
    covariates = Covariates(
        past=np.ascontiguousarray(grid[:steps, past]),
        past_names=roles.past,
        future=np.ascontiguousarray(grid[:, future]),
        future_names=roles.future,
        static=rows[0, static].copy(),
        static_names=roles.static,
    )
    values = np.ascontiguousarray(grid[:steps, target])
    return Series(placed.name, values, roles.target, placed.time, covariates, table.source)


def _known_steps(rows: Floats, steps: Rows, target: slice, future: slice) -> int:
    """The number of steps up to the last target; after it only future covariates are known."""
    only_future = np.isnan(rows[:, target]).all(axis=1) & ~np.isnan(rows[:, future]).all(axis=1)
    kept = np.flatnonzero(~only_future)
    return int(steps[kept[-1]]) + 1 if len(kept) else 0


def _check_static(table: Table, roles: Roles, static: Floats, placed: _PlacedRows) -> None:
    same = (static == static[0]) | (np.isnan(static) & np.isnan(static[0]))
    if not same.all():
        row, column = (int(index) for index in np.argwhere(~same)[0])
        message = (
            f"the value changes within series {placed.name!r}; static columns must not, so name it with "
            "--past-covariates or --future-covariates."
        )
        raise table.error(message, row=int(placed.rows[row]), column=roles.static[column])


def _report(
    table: Table, roles: Roles, cells: Floats, placed: list[_PlacedRows], series: tuple[Series, ...], *, utc: bool
) -> DataReport:
    future_rows = sum(int((one.steps >= read.steps).sum()) for one, read in zip(placed, series, strict=True))
    missing = dict(zip(roles.numeric, np.isnan(cells).sum(axis=0).tolist(), strict=True))
    for name in roles.target:
        missing[name] -= future_rows
    varies = np.nanmin(cells, axis=0) < np.nanmax(cells, axis=0)
    return DataReport(
        rows=table.dataframe.height,
        series=len(series),
        steps=sum(one.steps for one in series),
        values=sum(int(np.isfinite(one.values).sum()) for one in series),
        missing=missing,
        inserted_rows=sum(one.length - len(one.rows) for one in placed),
        reordered_rows=sum(int((one.rows != np.sort(one.rows)).sum()) for one in placed),
        future_rows=future_rows,
        constant=tuple(name for name, changes in zip(roles.numeric, varies, strict=True) if not changes),
        ignored=(*table.ignored, *roles.ignored),
        frequencies=tuple(sorted({str(one.time.frequency) for one in placed})),
        encoding=table.encoding,
        bom=table.bom,
        blank_lines=table.blank_lines,
        utc=utc,
    )
