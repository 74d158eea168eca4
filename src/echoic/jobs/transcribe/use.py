"""Texts that a trained transcriber writes."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from echoic.cells import Bidirectional
from echoic.jobs.base import Fitted
from echoic.jobs.transcribe.calibration import log_probs_of_whole
from echoic.jobs.transcribe.lines import Found
from echoic.jobs.transcribe.live import (
    DEFAULT_PAUSE_S,
    LineNames,
    LiveText,
    LiveUnit,
    TranscribeStream,
    Transcription,
    line_search,
)
from echoic.jobs.transcribe.reading import recordings_to_predict
from echoic.jobs.transcribe.task import TranscribeTask
from echoic.types import Floats, Series

_BLOCK_SAMPLES = 1 << 18


class TextLine(NamedTuple):
    """A line of text with its units."""

    line: LiveText
    units: list[LiveUnit]


def predict(fitted: Fitted[TranscribeTask], data: Any) -> dict[str, Any]:
    """One row per line of text: file, onset_s, offset_s, text, confidence, and units, a list of their texts and times.

    A line ends with a pause of a second; recordings without text have a row with an empty one. `data` is a sound file,
    a folder of them, a table of files, or arrays of sound at the rate of training; None: the test split.

    Raises:
        DataError: a file cannot be read, or the test split is empty.
    """
    task = fitted.task
    recordings = (
        task.require_series("test", "name the files to predict") if data is None else recordings_to_predict(task, data)
    )
    task.features.check(recordings)
    rows = [(one.name, line) for one in recordings for line in _or_empty(one, list(lines_of(fitted, one)), task)]
    units = np.empty(len(rows), object)
    units[:] = [[unit._asdict() for unit in line.units] for _, line in rows]
    return {
        "file": np.array([name for name, _ in rows], object),
        "onset_s": np.array([line.line.onset_s for _, line in rows], np.float64),
        "offset_s": np.array([line.line.offset_s for _, line in rows], np.float64),
        "text": np.array([line.line.text for _, line in rows], object),
        "confidence": np.array([line.line.confidence for _, line in rows], np.float64),
        "units": units,
    }


def lines_of(fitted: Fitted[TranscribeTask], recording: Series) -> Iterator[TextLine]:
    """The lines of a recording."""
    units = list[LiveUnit]()
    for result in _results(fitted, recording.values[:, 0]):
        # The units of a line are decided before it ends.
        units += result.units
        for line in result.ended:
            inside = [one for one in units if one.onset_s < line.offset_s]
            units = units[len(inside) :]
            yield TextLine(line, [one for one in inside if one.onset_s >= line.onset_s])


def _results(fitted: Fitted[TranscribeTask], sound: Floats) -> Iterator[Transcription]:
    """What a stream gives for a sound; bidirectional networks read it at once."""
    if isinstance(fitted.model.stack, Bidirectional):
        yield _whole(fitted, sound)
        return
    stream = TranscribeStream(fitted)
    state = stream.start()
    for begin in range(0, len(sound), _BLOCK_SAMPLES):
        result, state = stream.push(sound[begin : begin + _BLOCK_SAMPLES], state)
        yield result
    yield stream.finish(state)


def _whole(fitted: Fitted[TranscribeTask], sound: Floats) -> Transcription:
    task, lines = fitted.task, line_search(fitted, DEFAULT_PAUSE_S)
    steps = torch.cat(list(task.features.of_blocks([torch.from_numpy(sound)])))
    found, state = lines.advance(log_probs_of_whole(fitted.model, steps, task), lines.start())
    rest = lines.finish(state)
    names, end_s = LineNames(task), len(sound) / task.rate_hz
    both = Found([*found.units, *rest.units], [*found.lines, *rest.lines])
    return Transcription(
        [names.unit(one, end_s) for one in both.units], [names.line(one, end_s) for one in both.lines], None
    )


def _or_empty(one: Series, lines: Sequence[TextLine], task: TranscribeTask) -> Sequence[TextLine]:
    return lines or [TextLine(LiveText(0.0, one.steps / task.rate_hz, "", 1.0), [])]
