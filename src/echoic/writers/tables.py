"""Writer of CSV and Parquet tables."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from echoic.errors import RunError
from echoic.writers.files import replacing

_FORMULA = r"^[=+\-@\t\r]"
"""How a text begins that spreadsheets run as a formula."""

_NUMBER = r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$"


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Writes columns to a Parquet file (`.parquet`, `.pq`), otherwise to CSV; an old file stays unless all is written.

    In CSV, texts that a spreadsheet would run as a formula get an apostrophe in front.

    Raises:
        RunError: the file cannot be written.
    """
    frame = pl.DataFrame(dict(columns))
    with replacing(path) as part:
        try:
            if path.suffix.lower() in {".parquet", ".pq"}:
                frame.write_parquet(part)
            else:
                without_formulas(frame).write_csv(part, datetime_format=_shortest_format(frame))
        except pl.exceptions.PolarsError as error:
            raise RunError(f"{path} cannot be written ({error}).") from None


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
