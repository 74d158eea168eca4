"""Conversion of MIDI messages to notes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, final

from echoic.errors import DataError
from echoic.types.score import DRUM_CHANNEL, Meter, Note, Song, Tempo

MAX_BEATS = 20_000
"""Limit on the length of a song, since a few bytes can declare any length."""

_PEDAL, _ALL_SOUND_OFF, _ALL_NOTES_OFF = 64, 120, 123
_MICROSECONDS = 60_000_000

HANGING = "notes that never ended were ended with the song"
EMPTY = "notes without length were given the shortest one"
OVERLAPPING = "notes that began again while they sounded were cut there"
NO_TEMPO = "tempo changes without a tempo were left out"

Key = tuple[int, int]
"""Channel and pitch."""


@final
class _NoteTracker:
    """The notes that sound now, and those that have ended."""

    def __init__(self, *, pedal: bool) -> None:
        self.pedal = pedal
        self.notes: list[tuple[int, int, int, int, int]] = []  # onset, pitch, end in ticks, velocity, channel
        self.repairs: Counter[str] = Counter()
        self._pressed: dict[Key, tuple[int, int]] = {}
        self._sustained: dict[Key, tuple[int, int]] = {}  # released while the pedal is down
        self._pedals: set[int] = set()

    def process(self, tick: int, message: Any) -> None:
        """One message."""
        if message.type == "note_on" and message.velocity:
            self._note_on(tick, (message.channel, message.note), message.velocity)
        elif message.type in {"note_on", "note_off"}:
            self._note_off(tick, (message.channel, message.note))
        elif message.type == "control_change":
            self._control(tick, message)

    def finish(self, tick: int) -> None:
        """Ends the song and all sounding notes."""
        self.repairs[HANGING] += len(self._pressed)
        for key in [*self._pressed]:
            self._end(tick, key, self._pressed)
        for key in [*self._sustained]:
            self._end(tick, key, self._sustained)

    def _note_on(self, tick: int, key: Key, velocity: int) -> None:
        if key in self._pressed:
            self.repairs[OVERLAPPING] += 1
            self._end(tick, key, self._pressed)
        if key in self._sustained:
            self._end(tick, key, self._sustained)
        self._pressed[key] = tick, velocity

    def _note_off(self, tick: int, key: Key) -> None:
        if key not in self._pressed:
            return
        if key[0] in self._pedals:
            self._sustained[key] = self._pressed.pop(key)
        else:
            self._end(tick, key, self._pressed)

    def _control(self, tick: int, message: Any) -> None:
        channel = message.channel
        if message.control == _PEDAL and self.pedal and message.value >= 64:
            self._pedals.add(channel)
        elif message.control == _PEDAL:
            self._pedals.discard(channel)
            self._end_all(tick, channel, self._sustained)
        elif message.control in {_ALL_SOUND_OFF, _ALL_NOTES_OFF}:
            self._end_all(tick, channel, self._pressed)
            self._end_all(tick, channel, self._sustained)

    def _end_all(self, tick: int, channel: int, sounding: dict[Key, tuple[int, int]]) -> None:
        for key in [key for key in sounding if key[0] == channel]:
            self._end(tick, key, sounding)

    def _end(self, tick: int, key: Key, sounding: dict[Key, tuple[int, int]]) -> None:
        onset, velocity = sounding.pop(key)
        if tick <= onset:
            self.repairs[EMPTY] += 1
        channel, pitch = key
        self.notes.append((onset, pitch, max(tick, onset + 1), velocity, channel))


def song_from_events(
    name: str, events: Sequence[tuple[int, Any]], ticks_per_beat: float, *, pedal: bool, origin: str
) -> Song:
    """The song of messages sorted by tick.

    Raises:
        DataError: the song is too long.
    """
    tracker = _NoteTracker(pedal=pedal)
    last = events[-1][0] if events else 0
    if last / ticks_per_beat > MAX_BEATS:
        raise DataError(
            f"{origin} lasts {last / ticks_per_beat:,.0f} beats, more than {MAX_BEATS:,}; cut it into pieces."
        )
    tempos, meters, key = [Tempo(0.0, 120.0)], [Meter(0.0, 4, 4)], None
    for tick, message in events:
        beats = tick / ticks_per_beat
        if message.type == "set_tempo" and message.tempo:
            tempos = _with_change(tempos, Tempo(beats, _MICROSECONDS / message.tempo))
        elif message.type == "set_tempo":
            tracker.repairs[NO_TEMPO] += 1
        elif message.type == "time_signature" and message.numerator:
            meters = _with_change(meters, Meter(beats, message.numerator, message.denominator))
        elif message.type == "key_signature":
            key = key or message.key
        else:
            tracker.process(tick, message)
    tracker.finish(last)
    notes = sorted(
        Note(onset / ticks_per_beat, pitch, (end - onset) / ticks_per_beat, velocity, channel)
        for onset, pitch, end, velocity, channel in tracker.notes
    )
    return Song(
        name,
        tuple(note for note in notes if note.channel != DRUM_CHANNEL),
        tuple(note for note in notes if note.channel == DRUM_CHANNEL),
        tuple(tempos),
        tuple(meters),
        key,
        {repair: count for repair, count in tracker.repairs.items() if count},
        origin,
    )


def _with_change(changes: list[Any], change: Any) -> list[Any]:
    """Appends a change; it replaces the last one if both have the same time."""
    return [*(changes[:-1] if changes[-1].at_beats == change.at_beats else changes), change]
