"""Readers of tables, arrays, synthetic signals, text, music and sound: the only code that opens the user's files.

Importing this loads no file reader; each is imported when its kind of data is read.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from echoic.config.base import Section
from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.forks import lost_polars
from echoic.sources.base import DataReport as DataReport
from echoic.sources.base import Dataset as Dataset
from echoic.sources.base import DatasetLike as DatasetLike
from echoic.sources.base import LazyDataset as LazyDataset
from echoic.sources.base import Report as Report
from echoic.sources.base import as_path as as_path
from echoic.sources.foreign import check_format
from echoic.sources.kinds import SOURCES as SOURCES
from echoic.sources.kinds import Source as Source
from echoic.sources.memory import place_of as place_of
from echoic.sources.paths import check_path
from echoic.sources.paths import is_path as is_path
from echoic.sources.usable import warn_of_skipped

STANDARD_INPUT = "-"
"""The name of standard input."""


def source_kind(data: Any, settings: Section) -> str:
    """The key of `SOURCES` for `data`.

    Raises:
        DataError: no source of these settings reads such data.
        TypeError: there is no source of these settings at all.
    """
    if all(source.settings is not type(settings) for source in SOURCES.values()):
        raise TypeError(
            f"No source reads data with {type(settings).__name__}; add one to `echoic.sources.SOURCES`, with exactly "
            "this class as its `settings`."
        )
    if isinstance(settings, TableSettings) and isinstance(data, list | tuple) and is_path(data):
        raise DataError(f"Expected one file, got {len(data)}; combine many series in one long table.")
    if is_path(data):
        for one in data if isinstance(data, list | tuple) else [data]:
            check_path(one)
    for kind, source in SOURCES.items():
        # Sources of files that name no endings take every path.
        if source.claims(data, settings) and (source.accepts is not None or is_path(data)):
            if not source.endings and isinstance(data, str | Path):
                check_format(data, settings)
            return kind
    if is_path(data):
        raise DataError(f"{data} is not supported here; give {supported_inputs(type(settings))}.")
    in_memory = [one.summary for one in SOURCES.values() if one.settings is type(settings) and one.in_memory]
    remedy = " convert it with numpy.array, or" if isinstance(data, list | tuple) else ""
    raise DataError(
        f"Cannot read data of type {type(data).__name__};{remedy} give {', or '.join(['a path', *in_memory])}."
    )


def refuse_unused(data: Any, settings: Section) -> None:
    """Refuses settings that reading `data` does not use; `read` itself ignores them.

    New data for a trained run may be of another kind than the training data, so only the training data are checked.

    Raises:
        ConfigError: an unused setting is changed from its default.
        DataError: no source of these settings reads such data.
    """
    source = SOURCES[source_kind(data, settings)]
    settings.refuse_changed(source.unused, f"on {source.summary}; leave it out.")


def supported_inputs(settings: type[Any], *, in_memory: bool = True) -> str:
    """The inputs that settings of this class read, as a phrase; without those in memory for the command line."""
    sources = (source for source in SOURCES.values() if source.settings is settings)
    return ", or ".join(source.summary for source in sources if in_memory or not source.in_memory)


def read(data: Any, settings: Section | None = None) -> Dataset:
    """Reads `data` as series `(steps, features)`, missing values as NaN; tables in float64, all else in float32.

    The class of `settings` selects the kind of data: for music, text, sound and clips see `sources.music`,
    `sources.text`, `sources.audio` and `sources.clips`.

    Args:
        data: the path of a CSV (also .gz, .bz2, .xz, .zst), M4 or Parquet file; `synth:NAME,key=value,...`; a pandas,
            polars or pyarrow DataFrame; or a NumPy array `(steps,)` or `(steps, features)`.
        settings: layout of the table; by default one column per feature and no timestamps.

    Raises:
        DataError: the data are invalid or ambiguous; the message names the file, the place and the remedy.
        ShapeError: an array is neither `(steps,)` nor `(steps, features)`.
        ConfigError: a setting is not allowed for this kind of data.
    """
    settings = settings or TableSettings()
    if lost_polars():
        return import_module("echoic.sources.elsewhere").read_elsewhere(data, settings)  # type: ignore[no-any-return]
    dataset: Dataset = import_module(SOURCES[source_kind(data, settings)].module).read(data, settings)
    return dataset


def read_new(data: Any, settings: Section) -> Dataset:
    """As `read`, for data that a trained run is used on: warns of the inputs that were skipped.

    Raises:
        DataError, ShapeError, ConfigError: as for `read`.
    """
    dataset = read(data, settings)
    warn_of_skipped(dataset.report.skipped)
    return dataset


def split_table(data: Any, settings: TableSettings) -> dict[str, Any]:
    """The rows of each series of a table in the long format, by name; empty for other data.

    Raises:
        DataError: the table cannot be read, or a column is missing.
    """
    if lost_polars():
        raise import_module("echoic.sources.elsewhere").forked("split this table")
    parts: dict[str, Any] = import_module("echoic.sources.parts").split_table(data, settings)
    return parts


def join_tables(tables: Sequence[Any]) -> Any:
    """One table, as data for `read`, of some or all of the tables of `split_table`."""
    return import_module("echoic.sources.parts").join_tables(tables)
