"""Writer of CSV and Parquet tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from echoic.errors import RunError


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Writes columns to a Parquet file (`.parquet`, `.pq`), otherwise to CSV.

    Raises:
        RunError: the file cannot be written.
    """
    frame = pl.DataFrame(dict(columns))
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            frame.write_parquet(path)
        else:
            frame.write_csv(path, datetime_format=_shortest_format(frame))
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error}).") from None


def _shortest_format(frame: pl.DataFrame) -> str:
    """Dates only if every time is midnight; fractions of seconds only if there are any."""
    times = [column.dt for column in frame.iter_columns() if column.dtype.is_temporal()]
    if all((time.epoch("us") % 86_400_000_000 == 0).all() for time in times):
        return "%Y-%m-%d"
    whole = all((time.epoch("us") % 1_000_000 == 0).all() for time in times)
    return "%Y-%m-%d %H:%M:%S" if whole else "%Y-%m-%d %H:%M:%S%.6f"
