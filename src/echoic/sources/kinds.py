"""The table of sources: every kind of data that a job reads, in files and in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from echoic.config import (
    AudioDataSettings,
    ClipDataSettings,
    EventDataSettings,
    MapDataSettings,
    MusicDataSettings,
    TextDataSettings,
    TranscriptDataSettings,
)
from echoic.config.base import Section
from echoic.config.table import TableSettings
from echoic.sources import memory
from echoic.sources.audio import ENDINGS

_OF_TABLES = ("time", "id", "decimal", "delimiter", "encoding", "date_format", "gaps", "freq", "time_zone", "sort")
"""Settings of pairs that only tables use."""

_OF_TIMES = ("date_format", "gaps", "sort", "time_zone", "freq", "resample")


@dataclass(frozen=True)
class Source:
    """A kind of data that can be read.

    Args:
        module: its module, imported when it is used; it has `read(data, settings) -> Dataset`.
        settings: the class of its settings; a job chooses its sources by the class of its section `data`.
        summary: one phrase for `--help` and for errors.
        endings: the endings of its files; a source without any takes the paths that no other one claims.
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
        unused=("format", "decimal", "delimiter", "encoding", *_OF_TIMES),
    ),
    "monash": Source(
        "echoic.sources.monash",
        TableSettings,
        "a file of the Monash archive (.tsf)",
        (".tsf", ".tsf.gz", ".tsf.bz2", ".tsf.xz", ".tsf.zst"),
        unused=("format", "id", "time", "decimal", "delimiter", "date_format"),
    ),
    "m4": Source(
        "echoic.sources.m4",
        TableSettings,
        "a file of the M4 competition (with --format m4)",
        accepts=lambda data, settings: isinstance(data, str | Path) and settings.format == "m4",
        unused=_OF_TIMES,
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
        "an array or a list of arrays (from Python)",
        in_memory=True,
        accepts=lambda data, _: memory.are_arrays(data),
        unused=("decimal", "delimiter", "encoding"),
    ),
    "dataframe": Source(
        "echoic.sources.dataframe",
        TableSettings,
        "a pandas, polars or pyarrow table, or a dict of columns (from Python)",
        in_memory=True,
        accepts=lambda data, _: not isinstance(data, str | Path | list | tuple),
        unused=("delimiter", "encoding"),
    ),
    "rolls_in_memory": Source(
        "echoic.sources.memory.rolls",
        MusicDataSettings,
        "arrays of piano-rolls (from Python)",
        in_memory=True,
        accepts=lambda data, _: memory.are_arrays(data),
        unused=("pedal", "on_error"),
    ),
    "rolls": Source(
        "echoic.sources.music",
        MusicDataSettings,
        "piano-rolls (.json, .mat, .npy, .npz)",
        (".json", ".mat", ".npy", ".npz"),
        unused=("pedal", "on_error"),
    ),
    "music": Source("echoic.sources.music", MusicDataSettings, "a MIDI file or a folder of them"),
    "text_in_memory": Source(
        "echoic.sources.memory.text",
        TextDataSettings,
        "text=... (from Python)",
        in_memory=True,
        accepts=lambda data, _: isinstance(data, memory.Text),
        unused=("encoding", "on_error"),
    ),
    "text": Source(
        "echoic.sources.text", TextDataSettings, "one or more text files, a folder of .txt, or - for standard input"
    ),
    "audio_in_memory": Source(
        "echoic.sources.memory.sound",
        AudioDataSettings,
        "arrays of sound with rate_hz=... (from Python)",
        in_memory=True,
        accepts=lambda data, _: isinstance(data, memory.Recordings) or memory.are_arrays(data),
        unused=("on_error",),
    ),
    "audio": Source(
        "echoic.sources.audio", AudioDataSettings, "a sound file (.wav, .flac, .ogg and others) or a folder of them"
    ),
    "clip_frame": Source(
        "echoic.sources.memory.clips",
        ClipDataSettings,
        "a DataFrame with one row per step (and id=...) or per file (from Python)",
        in_memory=True,
        accepts=lambda data, _: memory.is_dataframe(data) or memory.is_dataframe(getattr(data, "values", None)),
        unused=("labels_path", "axes", "test_data"),
    ),
    "clip_arrays": Source(
        "echoic.sources.memory.clips",
        ClipDataSettings,
        "arrays of clips with labels=... (from Python)",
        in_memory=True,
        accepts=lambda data, _: memory.are_clips(data),
        unused=(
            "audio",
            "file",
            "label",
            "fold",
            "group",
            "split_column",
            "id",
            "features",
            "labels_path",
            "test_data",
            "on_error",
        ),
    ),
    "clips": Source(
        "echoic.sources.clips",
        ClipDataSettings,
        "a folder with one folder of sound files per class, a table (.csv, .parquet) of files and labels, a .ts file, "
        "or an array (.npy) with --labels-path and --axes",
    ),
    "sensors_in_memory": Source(
        "echoic.sources.memory.sensors",
        EventDataSettings,
        "a DataFrame with one row per step, or arrays of sensors with labels=... (from Python)",
        in_memory=True,
        accepts=lambda data, settings: memory.are_steps(data, settings.step_rate_hz),
        unused=("audio", "split_table", "rate_hz", "channel", "on_error"),
    ),
    "events_in_memory": Source(
        "echoic.sources.memory.events",
        EventDataSettings,
        "arrays of sound with events=... and rate_hz=... (from Python)",
        in_memory=True,
        accepts=lambda data, _: isinstance(data, memory.Recordings) or memory.are_arrays(data),
        unused=("audio", "split_table", "label", "id", "features", "step_rate_hz", "on_error"),
    ),
    "events": Source(
        "echoic.sources.events",
        EventDataSettings,
        "a table (.csv, .tsv, .parquet) of events with the columns file, onset_s, offset_s and label, or of steps with "
        "columns of values and a label; or a folder of sound files and label tracks of Audacity (a.wav, a.txt) or "
        "selection tables of Raven",
    ),
    "pairs_in_memory": Source(
        "echoic.sources.memory.pairs",
        MapDataSettings,
        "arrays with targets=... (from Python)",
        in_memory=True,
        accepts=lambda data, _: isinstance(data, memory.Pairs) or memory.are_arrays(data),
        unused=("inputs", "targets", "dev", "test", *_OF_TABLES, "channel", "on_error"),
    ),
    "paired_frame": Source(
        "echoic.sources.pairs.tables",
        MapDataSettings,
        "a pandas, polars or pyarrow table, or a dict of columns (from Python)",
        in_memory=True,
        accepts=lambda data, _: memory.is_dataframe(data),
        unused=("dev", "test", "delimiter", "encoding", "rate_hz", "channel"),
    ),
    "paired_arrays": Source(
        "echoic.sources.pairs.arrays",
        MapDataSettings,
        "named arrays (.npz, .hdf5)",
        (".npz", ".hdf5", ".h5", ".hdf"),
        unused=(*_OF_TABLES, "channel", "on_error"),
    ),
    "paired_sound": Source(
        "echoic.sources.pairs.sound",
        MapDataSettings,
        "a sound file or a folder of them, with --targets for its partners",
        accepts=lambda data, _: (
            isinstance(data, str | Path) and (Path(data).is_dir() or str(data).lower().endswith(ENDINGS))
        ),
        unused=("inputs", *_OF_TABLES),
    ),
    "paired_table": Source(
        "echoic.sources.pairs.tables",
        MapDataSettings,
        "a table (.csv, .parquet) with --targets",
        accepts=lambda data, _: isinstance(data, str | Path),
        unused=("rate_hz", "channel"),
    ),
    "transcripts_in_memory": Source(
        "echoic.sources.memory.transcripts",
        TranscriptDataSettings,
        "arrays of sound with texts=... and rate_hz=..., or a DataFrame with one row per file (from Python)",
        in_memory=True,
        accepts=lambda data, _: (
            isinstance(data, memory.Transcripts) or memory.is_dataframe(data) or memory.are_arrays(data)
        ),
    ),
    "morse": Source(
        "echoic.sources.transcripts.synthetic",
        TranscriptDataSettings,
        "synth:morse, synthetic Morse code",
        accepts=lambda data, _: isinstance(data, str) and data.startswith("synth:"),
        unused=("audio", "file", "text_column", "group", "split_column", "channel", "on_error"),
    ),
    "transcripts": Source(
        "echoic.sources.transcripts",
        TranscriptDataSettings,
        "a table (.csv, .tsv, .parquet) of files and texts, a folder of sound files with a text file (.txt) each, or a "
        "folder with wav.scp and text",
    ),
}
"""All kinds of data. The first source that claims the data reads them, so sources with endings come first."""
