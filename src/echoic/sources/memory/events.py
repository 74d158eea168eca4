"""Recordings in memory, with their events."""

from collections.abc import Sequence
from typing import Any

from echoic.config import EventDataSettings
from echoic.errors import DataError
from echoic.sources.base import Dataset
from echoic.sources.memory import ORIGIN, Recordings
from echoic.sources.memory.sound import decoded, series_of
from echoic.sources.recordings import EventsInTime, PlacedEvent, events_in_time, joined_notes, recordings_dataset
from echoic.types import Annotations, Event


def read(data: Any, settings: EventDataSettings) -> Dataset:
    """Reads every recording as samples `(samples, 1)`, annotated with its events.

    Raises:
        DataError: a recording is no sound, or its events do not fit it.
    """
    sounds = decoded(data, settings)
    if not isinstance(data, Recordings) or data.events is None:
        raise DataError(f"{ORIGIN} have no events; pass `events`, a list of (onset_s, offset_s, label) per recording.")
    events = list(data.events)
    if len(events) != len(sounds):
        raise DataError(
            f"`events` must have a list for each of the {len(sounds)} recordings, got {len(events)}; the list may be "
            "empty."
        )
    found = [
        checked_events(own, number, len(sound.samples) / sound.rate_hz)
        for number, (sound, own) in enumerate(zip(sounds, events, strict=True))
    ]
    series = series_of(sounds, [Annotations(events=one.events) for one in found])
    return recordings_dataset(series, ORIGIN, joined_notes(sum(one.joined for one in found)))


def checked_events(events: Sequence[Any], number: int, length_s: float) -> EventsInTime:
    """The events of recording `number`, as `events_in_time` returns them.

    Raises:
        DataError: one is no event, or does not fit the recording of `length_s` seconds.
    """
    placed = [_event(one, f"`events`, recording {number}, event {at}") for at, one in enumerate(events)]
    return events_in_time(placed, length_s)


def _event(event: Any, place: str) -> PlacedEvent:
    try:
        onset_s, offset_s, label = event
        return PlacedEvent(Event(float(onset_s), float(offset_s), _label(label)), place)
    except (TypeError, ValueError):
        raise DataError(f"{place} must be (onset_s, offset_s, label), got {event!r}.") from None


def _label(label: Any) -> str:
    if not isinstance(label, str) or not label.strip():
        raise ValueError(label)
    return label.strip()
