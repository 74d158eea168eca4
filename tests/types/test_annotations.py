"""Annotations are checked where a series is made, so that no source can skip a check."""

from typing import Any

import numpy as np
import pytest

from echoic.errors import DataError
from echoic.types import Annotations, Event, Series

RATE_HZ = 100


def recording(*events: Event, rate_hz: int | None = RATE_HZ) -> Series:
    annotations = Annotations(rate_hz=rate_hz, events=events)
    return Series("a", np.zeros((200, 1), np.float32), ("sample",), origin="a.wav", annotations=annotations)


def test_good_events_are_kept() -> None:
    events = (Event(0.0, 1.0, "x"), Event(1.0, 2.01, "y"))
    assert recording(*events).annotations.events == events


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ((Event(1.0, 2.1, "x"),), r"a\.wav: the event 'x' ends at 2\.1 s, after the end of the recording at 2\.000 s"),
        ((Event(1.0, 1.0, "x"),), r"ends at 1 s and begins at 1 s; it must begin at 0 s or later, and end after"),
        ((Event(-0.5, 1.0, "x"),), r"begins at -0\.5 s"),
        ((Event(0.0, 1.0, "x"), Event(0.9, 1.5, "x")), r"'x' at 0\.9 s begins before another of the label has ended"),
        ((Event(0.9, 1.0, "x"), Event(0.0, 0.5, "y")), "not in order of time; sort them"),
    ],
)
def test_events_that_cannot_be_are_refused_with_their_place(events: Any, message: Any) -> None:
    with pytest.raises(DataError, match=message):
        recording(*events)


def test_events_require_a_sampling_rate() -> None:
    with pytest.raises(DataError, match="has events but no sampling rate"):
        recording(Event(0.0, 1.0, "x"), rate_hz=None)


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        (Annotations(rate_hz=0), "the sampling rate must be positive, got 0 Hz"),
        (Annotations(split="valid"), "the split must be train, dev or test, got 'valid'"),  # type: ignore[arg-type]
        (Annotations(labels=("x", "x")), "has a label twice"),
    ],
)
def test_other_annotations_are_checked_too(annotations: Any, message: Any) -> None:
    with pytest.raises(DataError, match=message):
        Series("a", np.zeros((2, 1), np.float32), ("a",), annotations=annotations)
