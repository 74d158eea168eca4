"""Predictions of a trained event detector."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from echoic.jobs.base import Fitted
from echoic.jobs.detect.reading import recordings_to_predict
from echoic.jobs.detect.task import DetectTask
from echoic.labelled.frames import BACKGROUND
from echoic.labelled.postprocessing import PostProcessing, read_postprocessing
from echoic.metrics.events import class_spans
from echoic.streams.detection import predict_probs
from echoic.types import Series


def predict(fitted: Fitted[DetectTask], data: Any) -> dict[str, Any]:
    """One row per event: file, onset_s, offset_s, label, confidence (the mean probability over its frames).

    `data` is a sound file, a folder of them, or arrays of sound at the rate of training; for a run on sensors a table
    or arrays with one row per step; None: the test split. Events are post-processed as chosen on dev.

    Raises:
        DataError: a file cannot be read, or the test split is empty.
    """
    task = fitted.task
    if data is None:
        recordings: Sequence[Series] = task.require_series("test", "name the files to predict")
        features = task.steps["test"]
    else:
        recordings = recordings_to_predict(task, data)
        features = task.features.of(recordings)
    postprocessing = read_postprocessing(fitted.calibration) or PostProcessing()
    rows = []
    for one, steps in zip(recordings, features, strict=True):
        probs = predict_probs(fitted.model, steps, task.delay)
        for begin, end, number in class_spans(postprocessing.classes(probs)):
            confidence = float(probs[begin:end, number].mean())
            # The last frame may reach beyond the end of the recording.
            offset_s = min(end * task.hop_s, one.steps / task.rate_hz)
            rows.append((one.name, begin * task.hop_s, offset_s, task.labels[number - 1 - BACKGROUND], confidence))
    names = ("file", "onset_s", "offset_s", "label", "confidence")
    kinds: tuple[Any, ...] = (object, np.float64, np.float64, object, np.float64)
    return {
        name: np.array([row[place] for row in rows], kind)
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
    }
