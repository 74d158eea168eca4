"""Writer of MIDI files."""

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from echoic.extras import LazyModule
from echoic.types.score import DRUM_CHANNEL, Note, Song

if TYPE_CHECKING:
    import mido
else:
    mido = LazyModule("mido")

TICKS_PER_BEAT = 480

Message = tuple[int, int, bytes]
"""A message at a tick; of those at one tick, the ones with a lower rank come first."""

_NOTE_ON, _NOTE_OFF = 0x90, 0x80
_RELEASE_VELOCITY = 64


def midi_bytes(song: Song) -> bytes:
    """A MIDI file of type 1: a track of tempos, meters and keys, a track of notes, and one of drums if there are any.

    Times are rounded to 1/480 beat. Notes last at least one tick, and end before others start at the same tick.
    """
    tracks = [_track(_meta_messages(song)), _track(_note_messages(song.notes, "notes"))]
    if song.drums:
        tracks.append(_track(_note_messages(song.drums, "drums")))
    return b"MThd" + struct.pack(">LHHH", 6, 1, len(tracks), TICKS_PER_BEAT) + b"".join(tracks)


def _meta_messages(song: Song) -> Iterable[Message]:
    name = song.name.encode("latin-1", "replace").decode("latin-1")
    yield 0, 0, _meta("track_name", name=name)
    for key in song.keys:
        yield _tick(key.at_beats), 1, _meta("key_signature", key=key.name)
    for tempo in song.tempos:
        yield _tick(tempo.at_beats), 2, _meta("set_tempo", tempo=mido.bpm2tempo(tempo.bpm))
    for one in song.meters:
        meter = {"numerator": one.numerator, "denominator": one.denominator}
        yield _tick(one.at_beats), 3, _meta("time_signature", **meter)


def _meta(kind: str, **fields: object) -> bytes:
    return bytes(mido.MetaMessage(kind, **fields).bytes())


def _note_messages(notes: Iterable[Note], name: str) -> Iterable[Message]:
    # Written without mido, which takes a minute for a hundred thousand notes.
    yield 0, 0, _meta("track_name", name=name)
    for note in notes:
        channel = DRUM_CHANNEL if name == "drums" else note.channel
        begin = _tick(note.onset_beats)
        end = max(_tick(note.onset_beats + note.duration_beats), begin + 1)
        yield end, 1, bytes([_NOTE_OFF | channel, note.pitch, _RELEASE_VELOCITY])
        yield begin, 2, bytes([_NOTE_ON | channel, note.pitch, max(note.velocity, 1)])


def _track(messages: Iterable[Message]) -> bytes:
    """A track of messages, which are sorted by tick and rank."""
    body, at = bytearray(), 0
    for tick, _, message in sorted(messages, key=lambda one: one[:2]):
        body += _variable_length(tick - at) + message
        at = tick
    body += _variable_length(0) + _meta("end_of_track")
    return b"MTrk" + struct.pack(">L", len(body)) + body


def _variable_length(number: int) -> bytes:
    """A number in groups of seven bits, the highest first; all but the last have the top bit set."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _tick(beats: float) -> int:
    return round(beats * TICKS_PER_BEAT)
