"""New recordings for a trained transcriber: with texts to evaluate, without to predict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from echoic.jobs.scored_part import ScoredPart
from echoic.jobs.transcribe.task import TranscribeTask
from echoic.sources import is_path, read_new
from echoic.sources.transcripts import TABLE_SETTINGS, TABLES
from echoic.sources.transcripts.rows import recordings_of
from echoic.sources.transcripts.tables import rows_of
from echoic.sources.usable import warn_of_skipped
from echoic.types import Series


def recordings_with_texts(task: TranscribeTask, data: Any) -> ScoredPart:
    """The recordings of `data` with their texts; where the data assign splits, those of the test split.

    Raises:
        DataError: they cannot be read, or have another kind of sound than in training.
    """
    settings = task.new_data
    if is_path(data) and not isinstance(data, list | tuple) and Path(data).is_dir():
        plain = {name: type(settings).model_fields[name].default for name in TABLE_SETTINGS}
        settings = settings.model_copy(update=plain)
    found = ScoredPart.of(read_new(data, settings).series, "recordings")
    task.features.check(found.series)
    return found


def recordings_to_predict(task: TranscribeTask, data: Any) -> Sequence[Series]:
    """The recordings of `data`, which need no texts: sound, or the files that a table names.

    Raises:
        DataError: they cannot be read.
    """
    if is_path(data) and not isinstance(data, list | tuple):
        path = Path(data)
        if str(data).startswith("synth:"):
            return read_new(data, task.new_data).series
        if path.suffix.lower() in TABLES:
            rows = rows_of(path, task.new_data, labelled=False).rows
            recordings, skipped = recordings_of(rows, task.new_data, str(path), labelled=False)
            warn_of_skipped(skipped)
            return recordings
    return read_new(data, task.sound_files).series
