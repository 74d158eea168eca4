"""Parquet files."""

import hashlib
import io
from pathlib import Path

import polars as pl

from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources.apart import UnreadableError, read_apart
from echoic.sources.assemble import assemble
from echoic.sources.base import Dataset
from echoic.sources.dataframe import table_of
from echoic.sources.table import Table
from echoic.sources.textfile import read_bytes


def read(data: str | Path, settings: TableSettings) -> Dataset:
    """Reads a Parquet file; rows are counted from 0 in messages.

    Raises:
        DataError: the file cannot be read, or has unsupported values.
    """
    return assemble(read_table(Path(data)), settings)


def read_table(path: Path) -> Table:
    """The cells of a Parquet file.

    Raises:
        DataError: the file cannot be read.
    """
    raw = read_bytes(path)
    try:
        dataframe = pl.read_ipc_stream(io.BytesIO(read_apart(path, raw, "parquet")))
    except UnreadableError as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} is truncated or not a Parquet file ({reason}); write it again.") from None
    return table_of(dataframe, str(path), path.stem, hashlib.sha256(raw).hexdigest())
