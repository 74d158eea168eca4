"""Recordings in memory, or sound files by name, with their texts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from echoic.config import TranscriptDataSettings
from echoic.errors import DataError
from echoic.sources.base import Dataset
from echoic.sources.dataframe import table_of
from echoic.sources.memory import ORIGIN, Recordings, Transcripts, is_dataframe
from echoic.sources.memory.sound import decoded, series_of
from echoic.sources.paths import is_path
from echoic.sources.transcripts.dataset import transcripts_dataset
from echoic.sources.transcripts.rows import Row, recordings_of
from echoic.sources.transcripts.tables import rows_of_table
from echoic.sources.usable import usable
from echoic.types import Annotations, Series


def read(data: Any, settings: TranscriptDataSettings) -> Dataset:
    """Reads every recording as samples `(samples, 1)`, annotated with its text.

    Raises:
        DataError: a recording is no sound, there is not a text for each, or a text is empty.
    """
    if is_dataframe(data):
        found = rows_of_table(table_of(data, "the DataFrame", "recordings"), settings.audio or Path(), settings)
        recordings, skipped = recordings_of(found.rows, settings, "the DataFrame")
        return transcripts_dataset(recordings, "the DataFrame", found.notes, skipped)
    transcripts = data if isinstance(data, Transcripts) else Transcripts(data)
    if transcripts.texts is None:
        raise DataError(f"{ORIGIN} have no texts; pass `texts`, one for each recording.")
    if isinstance(transcripts.values, list | tuple) and is_path(transcripts.values):
        return _of_files(transcripts.values, _texts(transcripts.texts, len(transcripts.values)), settings)
    sounds = decoded(Recordings(transcripts.values, transcripts.rate_hz), settings)
    texts = _texts(transcripts.texts, len(sounds))
    series = series_of(sounds, [Annotations() for _ in sounds])
    pairs = list(zip(series, texts, strict=True))
    recordings, skipped = usable(pairs, _annotated, settings.on_error, origin=ORIGIN, kind="recordings")
    return transcripts_dataset(recordings, ORIGIN, (), skipped)


def _of_files(files: Sequence[Any], texts: Sequence[str], settings: TranscriptDataSettings) -> Dataset:
    folder = settings.audio or Path()
    rows = [Row(str(file), str(file), folder / file, text) for file, text in zip(files, texts, strict=True)]
    recordings, skipped = recordings_of(rows, settings, ORIGIN)
    return transcripts_dataset(recordings, ORIGIN, (), skipped)


def _annotated(pair: tuple[Series, str]) -> Series:
    one, text = pair
    if not text.split():
        raise DataError(f"{one.origin}: the text is empty; fill it in, or leave the recording out.")
    return replace(one, annotations=replace(one.annotations, text=text))


def _texts(texts: Any, count: int) -> list[str]:
    """The texts of `count` recordings.

    Raises:
        DataError: there are more or fewer, or one is no text.
    """
    listed = [] if isinstance(texts, str) else list(texts)
    if len(listed) != count:
        raise DataError(f"`texts` must have a text for each of the {count} recordings, got {len(listed)}.")
    for number, one in enumerate(listed):
        if not isinstance(one, str):
            raise DataError(f"`texts[{number}]` must be a text, got {one!r}; fill it in, or leave the recording out.")
    return listed
