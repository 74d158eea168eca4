"""Annotations of series: labels, events, splits, groups, musical time."""

import itertools
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from echoic.errors import DataError
from echoic.types.score import Key, Meter, Tempo

SplitName = Literal["train", "dev", "test"]

EVENT_GRACE_S = 0.02
"""Events may end this much after their recording: tables are rounded, and files lose a block in conversion."""


class Event(NamedTuple):
    """A labelled event from `onset_s` up to, not including, `offset_s`."""

    onset_s: float
    offset_s: float
    label: str


@dataclass(frozen=True, slots=True)
class MusicInfo:
    """Musical time of a piano-roll: one of `step_beats` and `step_s` is set.

    `has_onsets`: whether onsets and sustained notes differ in the roll. `tempos`, `meters` and `keys` are all of the
    piece, in order; empty where unknown.
    """

    has_onsets: bool
    step_beats: float | None = None
    step_s: float | None = None
    tempos: tuple[Tempo, ...] = ()
    meters: tuple[Meter, ...] = ()
    keys: tuple[Key, ...] = ()


class SoundOrigin(NamedTuple):
    """How sound was before it was brought to one channel and one rate.

    `rate_hz` is that of the file or the array, `channels` those that were mixed, 1 if one was chosen. `cancels`: they
    nearly cancel out. `streamed`: a WAV file that does not state its length.
    """

    rate_hz: int
    channels: int
    cancels: bool = False
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Annotations:
    """Annotations of one series; None where unknown.

    Args:
        rate_hz: sampling rate, for sound.
        step_rate_hz: steps per second of recordings that are no sound.
        labels: the labels of a clip; the empty tuple is a clip without a label, None an unlabelled one.
        events: the events of a recording, in order of time; those of one label do not overlap.
        split: the split that the source assigns.
        fold: the fold of cross-validation that the source assigns.
        group: a name shared by series that must stay in one split, such as the speaker.
        music: musical time.
        text: what is said or keyed in a recording.
        sound: how sound was before it was brought to `rate_hz`.
    """

    rate_hz: int | None = None
    labels: tuple[str, ...] | None = None
    events: tuple[Event, ...] | None = None
    split: SplitName | None = None
    fold: str | None = None
    group: str | None = None
    music: MusicInfo | None = None
    # Without a part in `repr`, from which fingerprints of older runs are made.
    step_rate_hz: float | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    # No part of what a series is: fingerprints and comparisons leave it out.
    sound: SoundOrigin | None = field(default=None, compare=False, repr=False)

    @property
    def steps_per_s(self) -> float | None:
        """Steps per second: the sampling rate of sound, or that of sensors."""
        return self.rate_hz if self.rate_hz is not None else self.step_rate_hz

    def check(self, origin: str, steps: int) -> None:
        """Checks that the annotations fit a series of `steps` steps.

        Raises:
            DataError: they do not; the message has the origin, the value and the remedy.
        """
        if self.rate_hz is not None and self.rate_hz <= 0:
            raise DataError(f"{origin}: the sampling rate must be positive, got {self.rate_hz} Hz; correct the source.")
        if self.split is not None and self.split not in get_args(SplitName):
            raise DataError(f"{origin}: the split must be train, dev or test, got {self.split!r}; correct it.")
        if self.labels is not None and len(set(self.labels)) < len(self.labels):
            raise DataError(f"{origin} has a label twice among {', '.join(self.labels)}; name it once.")
        if self.events is not None:
            self._check_events(origin, steps, self.events)

    def _check_events(self, origin: str, steps: int, events: tuple[Event, ...]) -> None:
        if self.steps_per_s is None:
            raise DataError(f"{origin} has events but no sampling rate; events need one.")
        length_s = steps / self.steps_per_s
        for event in events:
            if not 0 <= event.onset_s < event.offset_s:
                raise DataError(
                    f"{origin}: the event {event.label!r} ends at {event.offset_s:g} s and begins at "
                    f"{event.onset_s:g} s; it must begin at 0 s or later, and end after that."
                )
            if event.offset_s > length_s + EVENT_GRACE_S:
                raise DataError(
                    f"{origin}: the event {event.label!r} ends at {event.offset_s:g} s, after the end of the recording "
                    f"at {length_s:.3f} s; correct or remove it."
                )
        if any(after.onset_s < before.onset_s for before, after in itertools.pairwise(events)):
            raise DataError(f"{origin}: the events are not in order of time; sort them.")
        ends_s = dict[str, float]()
        for event in events:
            if event.onset_s < ends_s.get(event.label, 0.0) - 1e-9:
                raise DataError(
                    f"{origin}: the event {event.label!r} at {event.onset_s:g} s begins before another of the label "
                    "has ended; join them."
                )
            ends_s[event.label] = event.offset_s
