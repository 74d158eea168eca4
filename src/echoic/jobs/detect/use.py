"""What a trained network hears in recordings."""

from pathlib import Path
from typing import Any

import numpy as np

from echoic.config import AudioDataSettings
from echoic.jobs.base import Fitted
from echoic.jobs.detect.task import DetectTask
from echoic.labelled.frames import NOTHING
from echoic.labelled.postprocessing import PostProcessing, read_postprocessing
from echoic.metrics.events import class_spans
from echoic.sources import read
from echoic.streams.detection import heard
from echoic.windows import empty_split


def predict(fitted: Fitted[DetectTask], data: Any) -> dict[str, Any]:
    """A row for each event: file, onset_s, offset_s, label, confidence (the mean probability of its frames).

    `data` are a sound file or a folder of them; by default the recordings of the run's test part. They are
    cleaned up, if dev chose a way.

    Raises:
        DataError: a file cannot be read; or none is named, and there is no test part.
    """
    task = fitted.task
    if data is None:
        recordings = task.recordings("test")
        if not recordings:
            raise empty_split("test", task.dataset.origin, "recordings", "name the files to predict")
    else:
        settings = AudioDataSettings(rate_hz=task.rate_hz, channel=task.settings.data.channel)
        recordings = list(read(Path(data), settings).series)
    postprocessing = read_postprocessing(fitted.calibration) or PostProcessing()
    rows = []
    heard_in = task.steps["test"] if data is None else task.features.of(recordings)
    for one, steps in zip(recordings, heard_in, strict=True):
        shares = heard(fitted.model, steps, task.delay)
        for begin, end, number in class_spans(postprocessing.classes(shares)):
            confidence = float(shares[begin:end, number].mean())
            # The last frame may reach beyond the end.
            offset_s = min(end * task.hop_s, one.steps / task.rate_hz)
            rows.append((one.name, begin * task.hop_s, offset_s, task.labels[number - 1 - NOTHING], confidence))
    names = ("file", "onset_s", "offset_s", "label", "confidence")
    kinds: tuple[Any, ...] = (object, np.float64, np.float64, object, np.float64)
    return {
        name: np.array([row[place] for row in rows], kind)
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
    }
