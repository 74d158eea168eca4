"""What a trained network says of clips."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from echoic.config import AudioDataSettings
from echoic.jobs.base import Fitted
from echoic.jobs.classify.evaluate import probabilities_of
from echoic.jobs.classify.task import ClassifyTask
from echoic.sources import read
from echoic.sources.clips import READERS
from echoic.sources.clips.arrays import unlabelled_clips
from echoic.types import Series
from echoic.windows import empty_split


def predict(fitted: Fitted[ClassifyTask], data: Any) -> dict[str, Any]:
    """A row for each clip: file, label, confidence, and the probability of each label by its name.

    Where a clip may have several, `label` has all that are told, or nothing, and the confidence is that in just these.

    `data` are a sound file, or a folder of them, or what the job trains on; by default the run's test part.

    Raises:
        DataError: a file cannot be read, or is of another kind than the clips that were trained on; or no data are
            named, and there is no test part.
    """
    task = fitted.task
    clips = task.clips("test") if data is None else _clips(task, Path(data))
    if not clips:
        raise empty_split("test", task.dataset.origin, "clips", "name the files to predict")
    probabilities = probabilities_of(fitted, task.steps["test"] if data is None else task.features.of(clips))
    told = task.labelling.told(probabilities)
    return {
        "file": np.array([clip.name for clip in clips], object),
        "label": np.array(task.labelling.words(told.numbers), object),
        "confidence": told.confidence,
        **{f"p({name})": probabilities[:, number] for number, name in enumerate(task.classes)},
    }


def _clips(task: ClassifyTask, place: Path) -> Sequence[Series]:
    mel = task.features.mel
    if place.suffix.lower() == ".npy":
        return unlabelled_clips(place, task.settings.data)
    if mel is None or place.suffix.lower() in READERS:
        return read(place, task.new_data).series
    return read(place, AudioDataSettings(rate_hz=mel.rate_hz, channel=task.settings.data.channel)).series
