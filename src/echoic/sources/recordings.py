"""From events to recordings: decodes the sound files, checks the events against them and annotates the series."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from echoic.config import AudioDataSettings
from echoic.config.audio import SoundSourceSettings
from echoic.errors import DataError
from echoic.sources.audio.decoding import decode_file
from echoic.sources.audio.facts import SoundFacts
from echoic.sources.base import Dataset, fingerprint_of_annotated
from echoic.sources.counts import CountsReport
from echoic.sources.examples import Examples
from echoic.sources.missing_values import missing_notes
from echoic.sources.usable import usable
from echoic.types import Annotations, Event, Series
from echoic.types.annotations import EVENT_GRACE_S, SplitName


class PlacedEvent(NamedTuple):
    """An event and the place that messages name: `events.csv, line 3`."""

    event: Event
    place: str


@dataclass(frozen=True)
class EventReport(CountsReport):
    """Counts of the data: recordings, their duration, the events of each label, and what was done to the sound.

    `without_events` are recordings; `remarks` sentences on how the recordings were read, `skipped` why some were.
    """

    noun = "Recordings"

    recordings: int
    seconds: float
    rate_hz: float
    labels: dict[str, int]
    without_events: Examples
    sound: SoundFacts
    remarks: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def candidates(self) -> Mapping[str, Any]:
        """Sentences, and whether each applies to the data."""
        single = Examples.of(label for label, count in self.labels.items() if count == 1)
        return {
            **dict.fromkeys(self.remarks, True),
            f"Without an event: {self.without_events.as_text('recording')}.": self.without_events,
            f"With a single event: {single.as_text('label')}; such a label cannot be both learned and evaluated.": (
                single
            ),
            **self.sound.notes,
        }


def assemble_recordings(
    events: Mapping[str, Sequence[PlacedEvent]],
    folder: Path,
    settings: SoundSourceSettings,
    splits: Mapping[str, SplitName],
    origin: str,
    remarks: Sequence[str] = (),
) -> Dataset:
    """Every recording as a series of samples `(samples, 1)`, annotated with its events and, where known, its split.

    Args:
        events: the events of each sound file, in any order; the files are relative to `folder`.
        folder: the folder of the sound files.
        settings: sampling rate and channel; without a rate, that of the first file.
        splits: the split of each file; empty where the data assign none.
        origin: the place of the data.
        remarks: sentences on what was left out.

    Raises:
        DataError: no recording can be used; or with `on_error` = stop, a sound file cannot be read, or an event does
            not fit its file.
    """
    rates_hz, joined = [settings.rate_hz] if settings.rate_hz else [], 0

    def recording_of(file: str) -> Series:
        nonlocal joined
        sound = decode_file(
            folder / file, AudioDataSettings(channel=settings.channel), rates_hz[0] if rates_hz else None
        )
        found = events_in_time(events[file], len(sound.samples) / sound.rate_hz)
        joined += found.joined
        rates_hz.append(sound.rate_hz)
        annotations = Annotations(
            rate_hz=sound.rate_hz, events=found.events, split=splits.get(file), sound=sound.origin
        )
        return Series(file, sound.samples[:, None], ("sample",), origin=str(folder / file), annotations=annotations)

    recordings, skipped = usable(list(events), recording_of, settings.on_error, origin=origin, kind="recordings")
    return recordings_dataset(recordings, origin, [*remarks, *joined_notes(joined)], skipped)


def recordings_dataset(
    recordings: Sequence[Series], origin: str, remarks: Sequence[str] = (), skipped: tuple[str, ...] = ()
) -> Dataset:
    """Recordings of one rate, annotated with their events, their counts, `remarks`, and why some were `skipped`."""
    rate_hz = recordings[0].annotations.steps_per_s or 0 if recordings else 0
    labels = Counter(event.label for one in recordings for event in one.annotations.events or ())
    seconds = sum(one.steps for one in recordings) / (rate_hz or 1)
    report = EventReport(
        len(recordings),
        seconds,
        rate_hz,
        dict(sorted(labels.items())),
        Examples.of(one.name for one in recordings if not one.annotations.events),
        SoundFacts.of(recordings),
        (*remarks, *missing_notes(recordings, "recording")),
        skipped,
    )
    return Dataset(tuple(recordings), report, fingerprint_of_annotated(recordings), origin)


class EventsInTime(NamedTuple):
    """The events of one file in order of time, and the number of those that were joined to another of their label."""

    events: tuple[Event, ...]
    joined: int


def events_in_time(placed: Sequence[PlacedEvent], length_s: float) -> EventsInTime:
    """The events of one file; those of one label that overlap become one.

    Raises:
        DataError: an event does not fit the file.
    """
    for event, place in placed:
        if not 0 <= event.onset_s < event.offset_s:
            raise DataError(
                f"{place}: the event ends at {event.offset_s:g} s and begins at {event.onset_s:g} s; it must begin at "
                "0 s or later, and end after that."
            )
        if event.offset_s > length_s + EVENT_GRACE_S:
            raise DataError(
                f"{place}: the event ends at {event.offset_s:g} s, after the end of the file at {length_s:.3f} s; "
                "correct the row, or remove it."
            )
    found, newest = list[Event](), dict[str, int]()
    for event in sorted(one.event for one in placed):
        number = newest.get(event.label)
        if number is not None and event.onset_s < found[number].offset_s - 1e-9:
            found[number] = found[number]._replace(offset_s=max(found[number].offset_s, event.offset_s))
        else:
            newest[event.label] = len(found)
            found.append(event)
    return EventsInTime(tuple(found), len(placed) - len(found))


def joined_notes(joined: int) -> list[str]:
    """How many events were joined to others."""
    return [f"Events that overlapped one of the same label were joined to it: {joined}."] if joined else []
