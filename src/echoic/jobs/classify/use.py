"""Predictions of a trained classifier."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from echoic.jobs.base import Fitted
from echoic.jobs.classify.evaluate import probabilities_of
from echoic.jobs.classify.reading import clips_to_predict
from echoic.jobs.classify.task import ClassifyTask
from echoic.sources.missing_values import empty_notes
from echoic.types import Series


def predict(fitted: Fitted[ClassifyTask], data: Any) -> dict[str, Any]:
    """One row per clip: file, label, confidence, and a column with the probability of each label.

    With several labels per clip, `label` has all predicted ones, and the confidence is the probability of exactly
    this set. `data` is a sound file, a folder of them, or data as for training; None: the test split. Arrays and tables
    with one row per step need no labels.

    Raises:
        DataError: a file cannot be read, or has another rate or other features than the training data; or the test
            split is empty.
    """
    task = fitted.task
    if data is None:
        clips: Sequence[Series] = task.require_series("test", "name the files to predict")
        steps = task.steps["test"]
    else:
        clips = clips_to_predict(task, data)
        for note in empty_notes(clips, "clip"):
            warnings.warn(note, stacklevel=2)
        steps = task.features.of(clips)
    probabilities = probabilities_of(fitted, steps)
    predicted = task.labelling.predict(probabilities)
    return {
        "file": np.array([clip.name for clip in clips], object),
        "label": np.array(task.labelling.format(predicted.targets), object),
        "confidence": predicted.confidence,
        **{f"p({name})": probabilities[:, number] for number, name in enumerate(task.classes)},
    }
