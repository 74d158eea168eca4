"""Tables of many series, one at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from echoic.config.table import TableSettings
from echoic.sources import delimited, monash, parquet, source_kind
from echoic.sources.dataframe import table_of
from echoic.sources.roles import resolve_roles
from echoic.sources.table import Table


def split_table(data: Any, settings: TableSettings) -> dict[str, pl.DataFrame]:
    """The rows of each series of a table in the long format, by the name of the series; empty for other data.

    Rows that name no series are left out.

    Raises:
        DataError: the table cannot be read, or a column is missing.
    """
    table = _table(data, settings)
    column = None if table is None else resolve_roles(table, settings).id
    if table is None or column is None:
        return {}
    names = table.dataframe[column].cast(pl.String, strict=False).str.strip_chars()
    rows = table.dataframe.with_columns(names.alias(column)).filter((names != "") & names.is_not_null())
    return {str(key[0]): part for key, part in rows.partition_by(column, as_dict=True, maintain_order=True).items()}


def join_tables(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The inverse of `split_table`, for some or all of its tables."""
    return pl.concat(tables)


def _table(data: Any, settings: TableSettings) -> Table | None:
    kind = source_kind(data, settings)
    if kind == "csv":
        return delimited.read_table(Path(data), settings)
    if kind == "monash":
        return monash.read_table(Path(data), settings)
    if kind == "parquet":
        return parquet.read_table(Path(data))
    return table_of(data, "the DataFrame", "series") if kind == "dataframe" else None
