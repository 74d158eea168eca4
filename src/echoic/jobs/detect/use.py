"""Predictions of a trained event detector."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from echoic.jobs.base import Fitted
from echoic.jobs.detect.reading import recordings_to_predict
from echoic.jobs.detect.task import DetectTask
from echoic.labelled.postprocessing import PostProcessing, read_postprocessing
from echoic.labelled.separation import separate
from echoic.metrics.events import class_spans
from echoic.sources import as_path, is_path
from echoic.sources.audio import named_files
from echoic.sources.audio.decoding import open_sound
from echoic.sources.usable import usable, warn_of_skipped
from echoic.streams.detection import stream_probs
from echoic.types import Floats, Series


class _Found(NamedTuple):
    """An event in frames, with the number of its label from 1."""

    begin: int
    end: int
    number: int
    confidence: float


def predict(fitted: Fitted[DetectTask], data: Any) -> dict[str, Any]:
    """One row per event: file, onset_s, offset_s, label, confidence (the mean probability over its frames).

    Without a step rate, the times of sensors are onset_step and offset_step, the first step and the one after the last.

    `data` is a sound file, a folder of them, or arrays of sound at the rate of training; for a run on sensors a table
    or arrays with one row per step; None: the test split. Events are post-processed as chosen on dev. Files of sound
    are read as they are needed, in constant memory unless the network is bidirectional.

    Raises:
        DataError: a file cannot be read, or the test split is empty.
    """
    task = fitted.task
    if task.features.mel is not None and data is not None and is_path(data):
        rows = _in_files(fitted, as_path(data))
    else:
        if data is None:
            recordings: Sequence[Series] = task.require_series("test", "name the files to predict")
            features = task.steps["test"]
        else:
            recordings = recordings_to_predict(task, data)
            features = task.features.of(recordings)
        rows = [
            row
            for one, steps in zip(recordings, features, strict=True)
            for row in _rows(task, one.name, list(_events(fitted, [steps])), one.steps)
        ]
    unit, times = ("step", np.int64) if task.counts_steps else ("s", np.float64)
    names = ("file", f"onset_{unit}", f"offset_{unit}", "label", "confidence")
    kinds: tuple[Any, ...] = (object, times, times, object, np.float64)
    return {
        name: np.array([row[place] for row in rows], kind)
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
    }


def _in_files(fitted: Fitted[DetectTask], place: Path) -> list[tuple[Any, ...]]:
    """The rows of all sound files of a place."""
    rows, skipped = usable(
        named_files([place]),
        lambda file: _in_file(fitted, *file),
        fitted.task.sound_files.on_error,
        origin=str(place),
        kind="sound files",
    )
    warn_of_skipped(skipped)
    return list(chain.from_iterable(rows))


def _in_file(fitted: Fitted[DetectTask], name: str, path: Path) -> list[tuple[Any, ...]]:
    task, samples = fitted.task, 0

    def counted(blocks: Iterable[Floats]) -> Iterator[Tensor]:
        nonlocal samples
        for block in blocks:
            samples += len(block)
            yield torch.from_numpy(block)

    with open_sound(path, task.sound_files, task.sound_files.rate_hz) as sound:
        found = list(_events(fitted, task.features.of_blocks(counted(sound.blocks))))
    return _rows(task, name, found, samples)


def _events(fitted: Fitted[DetectTask], steps: Iterable[Tensor]) -> Iterator[_Found]:
    """The events of a recording that comes as pieces `(frames, values)` of its features."""
    postprocessing = read_postprocessing(fitted.calibration) or PostProcessing()
    probs = map(fitted.task.tracks.probs, stream_probs(fitted.model, steps, fitted.task.delay))
    for first, part in separate(probs, postprocessing):
        yield from sorted(
            _Found(first + begin, first + end, number + track, float(own[begin:end, number].mean()))
            for track, own in enumerate(part)
            for begin, end, number in class_spans(postprocessing.classes(own))
        )


def _rows(task: DetectTask, name: str, found: Iterable[_Found], samples: int) -> list[tuple[Any, ...]]:
    # In samples, so that 0.3 s is not 0.30000000000000004 s; the last frame may reach beyond the end of the recording.
    return [
        (
            name,
            one.begin * task.frame_samples / task.rate_hz,
            min(one.end * task.frame_samples, samples) / task.rate_hz,
            task.labels[one.number - 1],
            one.confidence,
        )
        for one in found
    ]
