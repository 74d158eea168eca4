"""Conversion between events and frame classes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.events import class_spans
from echoic.types import Event

Frames = NDArray[np.int64]
Probs = NDArray[np.float64]

BACKGROUND = 0
"""The class of frames without an event."""


def frame_classes(events: Sequence[Event], labels: Sequence[str], frames: int, hop_s: float) -> Frames:
    """The class of each frame `(frames,)`: the label of the event at its time, counted from 1, or background."""
    numbers = {label: number for number, label in enumerate(labels, 1)}
    classes = np.full(frames, BACKGROUND, np.int64)
    for event in events:
        begin, end = (int(np.ceil(time_s / hop_s - 1e-6)) for time_s in (event.onset_s, event.offset_s))
        classes[begin:end] = numbers[event.label]
    return classes


def events_in(classes: Frames, labels: Sequence[str], hop_s: float) -> list[Event]:
    """Runs of frames of one class as events; the inverse of `frame_classes`, up to the length of a frame."""
    return [Event(begin * hop_s, end * hop_s, labels[number - 1]) for begin, end, number in class_spans(classes)]
