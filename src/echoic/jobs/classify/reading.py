"""New clips for a trained classifier: with labels to evaluate, without to predict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from echoic.errors import DataError
from echoic.jobs.classify.task import ClassifyTask
from echoic.jobs.scored_part import ScoredPart
from echoic.sources import as_path, is_path, read_new, source_kind
from echoic.sources.clips import READERS, settings_for
from echoic.sources.clips.arrays import unlabelled_clips
from echoic.sources.clips.steps import clips_of_steps
from echoic.sources.clips.tables import table_of
from echoic.sources.memory.clips import unlabelled
from echoic.types import Series


def labelled_clips(task: ClassifyTask, data: Any) -> ScoredPart:
    """The clips of `data`, each with its labels; where the data assign splits, those of the test split.

    Raises:
        DataError: they cannot be read, or have no labels.
    """
    if not is_path(data):
        return ScoredPart.of(read_new(data, task.new_data).series, "clips")
    path = as_path(data)
    if path.suffix.lower() == ".npy":
        raise DataError(f"{data}: an array has no labels; pass it to `train` as --test-data, and evaluate that.")
    return ScoredPart.of(read_new(path, settings_for(path, task.new_data)).series, "clips")


def clips_to_predict(task: ClassifyTask, data: Any) -> Sequence[Series]:
    """The clips of `data`, which need no labels in arrays, sound files and tables with one row per step.

    Raises:
        DataError: they cannot be read.
    """
    if not is_path(data):
        source_kind(data, task.new_data)  # refuses what no source reads
        return unlabelled(data, task.new_data)
    return _from_file(task, as_path(data))


def _from_file(task: ClassifyTask, path: Path) -> Sequence[Series]:
    if path.suffix.lower() == ".npy":
        return unlabelled_clips(path, task.settings.data)
    settings = settings_for(path, task.new_data)
    if settings.id is not None and path.is_file():
        return clips_of_steps(table_of(path), settings, labelled=False).series
    if task.features.mel is None or path.suffix.lower() in READERS:
        return read_new(path, settings).series
    return read_new(path, task.sound_files).series
