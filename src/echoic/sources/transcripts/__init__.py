"""Recordings with their texts: tables, folders of pairs, folders of Kaldi, and synthetic Morse code."""

from pathlib import Path
from typing import Any

from echoic.config import TranscriptDataSettings
from echoic.errors import DataError
from echoic.sources.base import Dataset
from echoic.sources.paths import is_path
from echoic.sources.transcripts import folders, kaldi, tables
from echoic.sources.transcripts.dataset import transcripts_dataset
from echoic.sources.transcripts.rows import Found, recordings_of

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pq")

TABLE_SETTINGS = ("audio", "file", "text_column", "group", "split_column")


def read(data: Any, settings: TranscriptDataSettings) -> Dataset:
    """Reads every recording as samples `(samples, 1)` at one rate, annotated with its text.

    Recordings without a text, texts without a recording and empty texts are skipped and named in the report, or stop
    with an error that names them, by `settings.on_error`.

    Raises:
        ConfigError: a named column does not exist, or a setting has no effect on these data.
        DataError: the data are no recordings with texts; the message has the place and the remedy.
    """
    if not is_path(data) or isinstance(data, list | tuple):
        raise DataError("Recordings with texts must be in one table or folder, or a list with `texts`.")
    place = Path(data)
    found = _found(place, settings)
    recordings, skipped = recordings_of(found.rows, settings, str(place))
    return transcripts_dataset(recordings, str(place), found.notes, skipped)


def _found(place: Path, settings: TranscriptDataSettings) -> Found:
    if not place.exists():
        raise DataError(f"{place}: no such file or folder; check the name.")
    if place.is_dir():
        settings.refuse_changed(TABLE_SETTINGS, f"on the folder {place}; leave it out.")
        return kaldi.rows_of(place) if (place / kaldi.SOUNDS).is_file() else folders.rows_of(place)
    if place.suffix.lower() not in TABLES:
        raise DataError(
            f"{place} is no table of recordings; give one (.csv, .tsv, .parquet) with the columns file and text, a "
            "folder of sound files that have a text file (.txt) each, or a folder with wav.scp and text."
        )
    return tables.rows_of(place, settings)
