"""Events as classes of frames, and frames as events."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.events import class_spans
from echoic.types import Event

Frames = NDArray[np.int64]
Shares = NDArray[np.float64]

NOTHING = 0
"""The class of frames without an event."""


def frame_classes(events: Sequence[Event], labels: Sequence[str], frames: int, hop_s: float) -> Frames:
    """The class of each frame `(frames,)`: that of the event at time `number * hop_s`, counted from 1, or 0."""
    numbers = {label: number for number, label in enumerate(labels, 1)}
    classes = np.full(frames, NOTHING, np.int64)
    for event in events:
        begin, end = (int(np.ceil(time_s / hop_s - 1e-6)) for time_s in (event.onset_s, event.offset_s))
        classes[begin:end] = numbers[event.label]
    return classes


def events_in(classes: Frames, labels: Sequence[str], hop_s: float) -> list[Event]:
    """The stretches of each class as events; the inverse of `frame_classes` but for what lies between frames."""
    return [Event(begin * hop_s, end * hop_s, labels[number - 1]) for begin, end, number in class_spans(classes)]
