"""Reads tables, arrays, synthetic signals, texts, music and sound: the only place that opens files of the user.

Importing this loads no file reader; each is imported when its kind of data is read.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from echoic.config import (
    AudioDataSettings,
    ClipDataSettings,
    EventDataSettings,
    MusicDataSettings,
    TextDataSettings,
)
from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources.base import DataReport as DataReport
from echoic.sources.base import Dataset as Dataset
from echoic.sources.base import DatasetLike as DatasetLike
from echoic.sources.base import LazyDataset as LazyDataset
from echoic.sources.base import Report as Report

STANDARD_INPUT = "-"
"""The name under which texts come from standard input."""

SOURCES = {
    "csv": "echoic.sources.delimited",
    "parquet": "echoic.sources.parquet",
    "dataframe": "echoic.sources.dataframe",
    "array": "echoic.sources.arrays",
    "m4": "echoic.sources.m4",
    "synth": "echoic.sources.synth",
    "music": "echoic.sources.music",
    "text": "echoic.sources.text",
    "audio": "echoic.sources.audio",
    "clips": "echoic.sources.clips",
    "events": "echoic.sources.events",
}
"""From each kind of data to the module whose `read(data, settings)` reads it."""


Settings = (
    TableSettings | MusicDataSettings | TextDataSettings | AudioDataSettings | ClipDataSettings | EventDataSettings
)
"""How data are read; the class also says what they are."""


_KIND_OF_SETTINGS: dict[type[Settings], str] = {
    MusicDataSettings: "music",
    TextDataSettings: "text",
    AudioDataSettings: "audio",
    ClipDataSettings: "clips",
    EventDataSettings: "events",
}


def source_kind(data: Any, settings: Settings) -> str:
    """The key of `SOURCES` for `data`: by what the settings are for; tables by the file's ending, the rest by type."""
    if not isinstance(settings, TableSettings):
        return _KIND_OF_SETTINGS[type(settings)]
    if isinstance(data, list | tuple):
        raise DataError(f"{len(data)} places are named; a forecast reads one file (many series fit in a long table).")
    if isinstance(data, str) and data.startswith("synth:"):
        return "synth"
    if isinstance(data, str | Path):
        if settings.format == "m4":
            return "m4"
        return "parquet" if Path(data).suffix.lower() in {".parquet", ".pq"} else "csv"
    return "array" if isinstance(data, np.ndarray) else "dataframe"


def read(data: Any, settings: Settings | None = None) -> Dataset:
    """Reads `data` as series of float32 `(steps, features)`, missing values as NaN.

    With the settings of another job the data are what it reads: see `sources.music`, `sources.text`, `sources.audio`
    and `sources.clips`.

    Args:
        data: the path of a CSV (also .gz, .bz2, .xz, .zst), M4 or Parquet file; `synth:NAME,key=value,...`; a pandas,
            polars or pyarrow DataFrame; or a NumPy array `(steps,)` or `(steps, features)`.
        settings: how the table is laid out; by default a column a feature and no timestamps.

    Raises:
        DataError: the data cannot be read without guessing; the message has the file, the place and the remedy.
        ShapeError: an array is neither `(steps,)` nor `(steps, features)`.
        ConfigError: a setting is not allowed for this kind of data.
    """
    settings = settings or TableSettings()
    dataset: Dataset = import_module(SOURCES[source_kind(data, settings)]).read(data, settings)
    return dataset
