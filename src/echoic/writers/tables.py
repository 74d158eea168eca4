"""Writer of CSV and Parquet tables."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from echoic.errors import ConfigError, RunError
from echoic.write_errors import cannot_be_written
from echoic.writers.files import replacing

_FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that spreadsheets run as a formula."""

_OTHER_FORMATS = {".xlsx", ".xls", ".ods", ".json", ".jsonl", ".feather", ".arrow", ".npy", ".npz", ".h5", ".pkl"}
"""Endings that promise something else than CSV."""

_NUMBER = r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$"


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Writes columns to a Parquet file (`.parquet`, `.pq`), otherwise to CSV; an old file stays unless all is written.

    In CSV, texts that a spreadsheet would run as a formula get an apostrophe in front.

    Raises:
        ConfigError: the ending is that of another format.
        RunError: the file cannot be written.
    """
    if path.suffix.lower() in _OTHER_FORMATS:
        raise ConfigError(f"{path}: tables are written as CSV or Parquet; choose the ending .csv or .parquet.")
    frame = pl.DataFrame([_column(name, values) for name, values in columns.items()])
    with replacing(path) as part:
        try:
            if path.suffix.lower() in {".parquet", ".pq"}:
                frame.write_parquet(part)
            else:
                written = frame.with_columns(_as_text(column) for column in frame.iter_columns() if _is_zoned(column))
                without_formulas(written).write_csv(part, datetime_format=_shortest_format(written))
        except pl.exceptions.PolarsError as error:
            raise RunError(f"{cannot_be_written(path, error)}.") from None


def _column(name: str, values: Any) -> pl.Series:
    """A column of numbers, texts or times; lists become JSON, times of several zones or in a fixed offset texts."""
    if not len(values):
        # Without rows, the type of a column of texts is not known from its values.
        return pl.Series(name, values, pl.String if np.asarray(values).dtype.kind == "O" else None)
    if isinstance(values[0], list):
        return pl.Series(name, [json.dumps(value) for value in values])
    if not isinstance(values[0], datetime):
        return pl.Series(name, values)
    zones = {getattr(one.tzinfo, "key", str(one.tzinfo)) for one in values}
    if len(zones) > 1 or re.search(r"\d\d:\d\d", next(iter(zones))):
        return pl.Series(name, [str(one) for one in values])
    utc = pl.Series(name, [one.astimezone(UTC).replace(tzinfo=None) for one in values], pl.Datetime("us"))
    return utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zones.pop())


def _is_zoned(column: pl.Series) -> bool:
    return isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None


def _as_text(column: pl.Series) -> pl.Series:
    """Times with their offset, in seconds if none of them has a fraction of one."""
    whole = (column.dt.epoch("us") % 1_000_000 == 0).all()
    return column.dt.strftime("%Y-%m-%d %H:%M:%S%:z" if whole else "%Y-%m-%d %H:%M:%S%.6f%:z")


def without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Texts and names of columns that begin like a formula, after an apostrophe; numbers are left as they are."""
    escaped = []
    for column in frame.iter_columns():
        if column.dtype == pl.String:
            is_formula = (column.str.contains(_FORMULA) & ~column.str.contains(_NUMBER)).fill_null(value=False)
            escaped.append(("'" + column).zip_with(is_formula, column).alias(column.name))
    return frame.with_columns(escaped).rename({name: f"'{name}" for name in frame.columns if re.match(_FORMULA, name)})


def _shortest_format(frame: pl.DataFrame) -> str:
    """Dates only if every time is midnight; fractions of seconds only if there are any."""
    times = [column.dt for column in frame.iter_columns() if column.dtype.is_temporal()]
    if all((time.epoch("us") % 86_400_000_000 == 0).all() for time in times):
        return "%Y-%m-%d"
    whole = all((time.epoch("us") % 1_000_000 == 0).all() for time in times)
    return "%Y-%m-%d %H:%M:%S" if whole else "%Y-%m-%d %H:%M:%S%.6f"
