"""Readers of tables, arrays, synthetic signals, text, music and sound: the only code that opens the user's files.

Importing this loads no file reader; each is imported when its kind of data is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from echoic.config.base import Section
from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources.base import DataReport as DataReport
from echoic.sources.base import Dataset as Dataset
from echoic.sources.base import DatasetLike as DatasetLike
from echoic.sources.base import LazyDataset as LazyDataset
from echoic.sources.base import Report as Report
from echoic.sources.base import as_path as as_path

STANDARD_INPUT = "-"
"""The name of standard input."""


@dataclass(frozen=True)
class Source:
    """A kind of data that can be read.

    Args:
        module: its module, imported when it is used; it has `read(data, settings) -> Dataset`.
        settings: the class of its settings; a job chooses its sources by the class of its section `data`.
        summary: one phrase for `--help` and for errors.
        endings: the endings of its files; a source without any takes what no other one claims.
        in_memory: data that only Python can pass.
        accepts: decides instead of the endings.
        unused: the settings that reading such data does not use.
    """

    module: str
    settings: type[Section]
    summary: str
    endings: tuple[str, ...] = ()
    in_memory: bool = False
    accepts: Callable[[Any, Any], bool] | None = None
    unused: tuple[str, ...] = ()

    def claims(self, data: Any, settings: Section) -> bool:
        """Whether this source reads `data`."""
        if type(settings) is not self.settings:
            return False
        if self.accepts is not None:
            return self.accepts(data, settings)
        return not self.endings or (isinstance(data, str | Path) and str(data).lower().endswith(self.endings))


SOURCES = {
    "synth": Source(
        "echoic.sources.synth",
        TableSettings,
        "synth:NAME, a synthetic signal such as synth:sine",
        accepts=lambda data, _: isinstance(data, str) and data.startswith("synth:"),
        unused=("format", "decimal", "delimiter", "encoding", "date_format", "gaps", "sort"),
    ),
    "m4": Source(
        "echoic.sources.m4",
        TableSettings,
        "a file of the M4 competition (with --format m4)",
        accepts=lambda data, settings: isinstance(data, str | Path) and settings.format == "m4",
        unused=("date_format", "gaps", "sort"),
    ),
    "parquet": Source(
        "echoic.sources.parquet",
        TableSettings,
        "a Parquet file",
        (".parquet", ".pq"),
        unused=("delimiter", "encoding"),
    ),
    "csv": Source(
        "echoic.sources.delimited",
        TableSettings,
        "a CSV file, also compressed",
        accepts=lambda data, _: isinstance(data, str | Path),
    ),
    "array": Source(
        "echoic.sources.arrays",
        TableSettings,
        "a NumPy array (from Python)",
        in_memory=True,
        accepts=lambda data, _: isinstance(data, np.ndarray),
        unused=("decimal", "delimiter", "encoding"),
    ),
    "dataframe": Source(
        "echoic.sources.dataframe",
        TableSettings,
        "a pandas, polars or pyarrow table (from Python)",
        in_memory=True,
        unused=("delimiter", "encoding"),
    ),
    "rolls": Source(
        "echoic.sources.music",
        MusicDataSettings,
        "piano-rolls (.json, .mat, .npy, .npz)",
        (".json", ".mat", ".npy", ".npz"),
        unused=("pedal",),
    ),
    "music": Source("echoic.sources.music", MusicDataSettings, "a MIDI file or a folder of them"),
    "text": Source(
        "echoic.sources.text", TextDataSettings, "one or more text files, a folder of .txt, or - for standard input"
    ),
    "audio": Source(
        "echoic.sources.audio", AudioDataSettings, "a sound file (.wav, .flac, .ogg and others) or a folder of them"
    ),
    "clips": Source(
        "echoic.sources.clips",
        ClipDataSettings,
        "a folder with one folder of sound files per class, a table (.csv, .parquet) of files and labels, a .ts file, "
        "or an array (.npy) with --labels-path and --axes",
    ),
    "events": Source(
        "echoic.sources.events",
        EventDataSettings,
        "a table (.csv, .parquet) with the columns file, onset_s, offset_s and label",
    ),
}
"""All kinds of data. The first source that claims the data reads them, so sources with endings come first."""


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
    if isinstance(settings, TableSettings) and isinstance(data, list | tuple):
        if not all(isinstance(one, str | Path) for one in data):
            raise DataError(f"Cannot read data of type {type(data).__name__}; convert it with numpy.array.")
        raise DataError(f"Expected one file, got {len(data)}; combine many series in one long table.")
    for kind, source in SOURCES.items():
        if source.claims(data, settings):
            return kind
    raise DataError(f"{data} is not supported here; give {supported_inputs(type(settings))}.")


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
    """Reads `data` as series of float32 `(steps, features)`, missing values as NaN.

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
    dataset: Dataset = import_module(SOURCES[source_kind(data, settings)].module).read(data, settings)
    return dataset


def split_table(data: Any, settings: TableSettings) -> dict[str, Any]:
    """The rows of each series of a table in the long format, by name; empty for other data.

    Raises:
        DataError: the table cannot be read, or a column is missing.
    """
    parts: dict[str, Any] = import_module("echoic.sources.parts").split_table(data, settings)
    return parts


def join_tables(tables: Sequence[Any]) -> Any:
    """One table, as data for `read`, of some or all of the tables of `split_table`."""
    return import_module("echoic.sources.parts").join_tables(tables)
