"""New recordings for a trained detector, read as those of training."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from echoic.config import EventDataSettings
from echoic.errors import DataError
from echoic.jobs.detect.task import DetectTask, check_labels
from echoic.jobs.scored_part import ScoredPart
from echoic.sources import as_path, is_path, read_new, source_kind
from echoic.sources.clips.tables import table_of
from echoic.sources.events import events_by_file
from echoic.sources.memory.sensors import unlabelled
from echoic.sources.recordings import PlacedEvent
from echoic.sources.sensors import recordings_of_steps
from echoic.types import Series


def labelled_recordings(task: DetectTask, data: Any) -> ScoredPart:
    """The recordings of `data` with their events; where the data assign splits, those of the test split.

    Raises:
        DataError: they cannot be read, are of another kind than in training, or have a label that training has not.
    """
    found = ScoredPart.of(read_new(data, _settings(task)).series, "recordings")
    task.features.check(found.series)
    check_labels(found.series, task.labels, "the new data")
    return found


def labelled_files(task: DetectTask, data: Any) -> dict[Path, tuple[str, list[PlacedEvent]]]:
    """The sound files that a table names, each with its name and events.

    Empty for other data, and for tables that assign splits, of which a part is scored.

    Raises:
        DataError: the table cannot be used.
    """
    if task.features.mel is None or not is_path(data):
        return {}
    return events_by_file(data, _settings(task))


def _settings(task: DetectTask) -> EventDataSettings:
    rate = {} if task.features.mel is None else {"rate_hz": task.features.mel.rate_hz}
    return task.settings.data.model_copy(update={"split_table": None, **rate})


def recordings_to_predict(task: DetectTask, data: Any) -> Sequence[Series]:
    """The recordings of `data`, which need no events: sound, or with a run on sensors tables and arrays of steps.

    Raises:
        DataError: they cannot be read.
    """
    if task.features.mel is not None:
        return read_new(data, task.sound_files).series
    if not is_path(data):
        source_kind(data, task.settings.data)  # refuses what no source reads
        return unlabelled(data, task.settings.data)
    path = as_path(data)
    if path.suffix.lower() not in {".csv", ".parquet", ".pq"}:
        raise DataError(
            f"{path}: the run was trained on recordings of sensors; give a table (.csv, .parquet) of steps."
        )
    return recordings_of_steps(table_of(path), task.settings.data, labelled=False).series
