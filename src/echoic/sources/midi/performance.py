"""Conversion of MIDI messages to notes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, final

from echoic.errors import DataError
from echoic.types.score import DRUM_CHANNEL, Key, Meter, Note, Song, Tempo, Unmodelled

MAX_BEATS = 20_000
"""Limit on the length of a song, since a few bytes can declare any length."""

_PEDAL, _ALL_SOUND_OFF, _ALL_NOTES_OFF = 64, 120, 123
_MICROSECONDS = 60_000_000

HANGING = "notes that never ended were ended with the song"
EMPTY = "notes without length were given the shortest one"
OVERLAPPING = "notes that began again while they sounded were cut there"
NO_TEMPO = "tempo changes without a tempo were left out"
NO_METER = "meter changes to bars without a beat were left out"

_TEXTS = frozenset({"lyrics", "text", "marker", "cue_marker"})

Place = tuple[int, int]
"""Channel and pitch."""


@final
class _NoteTracker:
    """The notes that sound now, and those that have ended."""

    def __init__(self, *, pedal: bool) -> None:
        self.pedal = pedal
        self.notes: list[tuple[int, int, int, int, int]] = []  # onset, pitch, end in ticks, velocity, channel
        self.repairs: Counter[str] = Counter()
        self._pressed: dict[Place, tuple[int, int]] = {}
        self._sustained: dict[Place, tuple[int, int]] = {}  # released while the pedal is down
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

    def _note_on(self, tick: int, key: Place, velocity: int) -> None:
        if key in self._pressed:
            self.repairs[OVERLAPPING] += 1
            self._end(tick, key, self._pressed)
        if key in self._sustained:
            self._end(tick, key, self._sustained)
        self._pressed[key] = tick, velocity

    def _note_off(self, tick: int, key: Place) -> None:
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

    def _end_all(self, tick: int, channel: int, sounding: dict[Place, tuple[int, int]]) -> None:
        for key in [key for key in sounding if key[0] == channel]:
            self._end(tick, key, sounding)

    def _end(self, tick: int, key: Place, sounding: dict[Place, tuple[int, int]]) -> None:
        onset, velocity = sounding.pop(key)
        if tick <= onset:
            self.repairs[EMPTY] += 1
        channel, pitch = key
        self.notes.append((onset, pitch, max(tick, onset + 1), velocity, channel))


def song_from_events(
    name: str, events: Sequence[tuple[int, Any]], ticks_per_beat: float, *, pedal: bool, tracks: int, origin: str
) -> Song:
    """The song of messages sorted by tick, from `tracks` tracks with notes.

    Raises:
        DataError: the song is too long.
    """
    tracker = _NoteTracker(pedal=pedal)
    last = events[-1][0] if events else 0
    if last / ticks_per_beat > MAX_BEATS:
        raise DataError(
            f"{origin} lasts {last / ticks_per_beat:,.0f} beats, more than {MAX_BEATS:,}; cut it into pieces."
        )
    tempos, meters, keys = [Tempo(0.0, 120.0)], [Meter(0.0, 4, 4)], list[Key]()
    for tick, message in events:
        beats = tick / ticks_per_beat
        if message.type == "set_tempo" and message.tempo:
            _add_change(tempos, Tempo(beats, _MICROSECONDS / message.tempo))
        elif message.type == "set_tempo":
            tracker.repairs[NO_TEMPO] += 1
        elif message.type == "time_signature" and message.numerator:
            _add_change(meters, Meter(beats, message.numerator, message.denominator))
        elif message.type == "time_signature":
            tracker.repairs[NO_METER] += 1
        elif message.type == "key_signature":
            # Tracks of transposing instruments write keys of their own; the first one counts.
            if not keys or keys[-1].at_beats < beats:
                keys.append(Key(beats, message.key))
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
        tuple(keys),
        {repair: count for repair, count in tracker.repairs.items() if count},
        origin,
        _unmodelled([message for _, message in events], pedal=pedal, tracks=tracks),
        1 / ticks_per_beat,
    )


def _unmodelled(messages: Sequence[Any], *, pedal: bool, tracks: int) -> Unmodelled:
    """The messages that neither begin nor end notes, and change neither tempo, nor meter, nor key."""
    counts, programs = Counter[str](), set[int]()
    for message in messages:
        counts[_kind(message, pedal=pedal)] += 1
        if message.type == "program_change" and message.channel != DRUM_CHANNEL:
            programs.add(message.program)
    return Unmodelled(
        frozenset(programs),
        tracks,
        counts["pitch_bends"],
        counts["control_changes"],
        counts["aftertouch"],
        counts["texts"],
        counts["other"],
    )


def _kind(message: Any, *, pedal: bool) -> str:
    """The field of `Unmodelled` that counts a message; empty for those that are understood, or say nothing."""
    kind = message.type
    if kind == "control_change":
        understood = {_ALL_SOUND_OFF, _ALL_NOTES_OFF, *([_PEDAL] if pedal else [])}
        return "" if message.control in understood else "control_changes"
    if kind in _TEXTS:
        return "texts"
    kinds = {"pitchwheel": "pitch_bends", "aftertouch": "aftertouch", "polytouch": "aftertouch"}
    kinds |= dict.fromkeys(("sysex", "sequencer_specific", "smpte_offset", "unknown_meta"), "other")
    return kinds.get(kind, "")


def _add_change(changes: list[Any], change: Any) -> None:
    """Appends a change; it replaces the last one if both have the same time."""
    if changes and changes[-1].at_beats == change.at_beats:
        changes.pop()
    changes.append(change)
