"""Writer of MIDI files."""

import io
from typing import TYPE_CHECKING

from echoic.extras import LazyModule
from echoic.types.score import DRUM_CHANNEL, Note, Song

if TYPE_CHECKING:
    import mido
else:
    mido = LazyModule("mido")

TICKS_PER_BEAT = 480


def midi_bytes(song: Song) -> bytes:
    """A MIDI file of type 1: a track of tempo, meter and key, a track of notes, and a track of drums if there are any.

    Times are rounded to 1/480 beat. Notes last at least one tick, and end before others start at the same tick.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(_meta_track(song))
    file.tracks.append(_note_track(song.notes, "notes"))
    if song.drums:
        file.tracks.append(_note_track(song.drums, "drums"))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def _meta_track(song: Song) -> "mido.MidiTrack":
    name = song.name.encode("latin-1", "replace").decode("latin-1")
    events = [(0, 0, mido.MetaMessage("track_name", name=name))]
    if song.key is not None:
        events.append((0, 1, mido.MetaMessage("key_signature", key=song.key)))
    events += [
        (_tick(tempo.at_beats), 2, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo.bpm)))
        for tempo in song.tempos
    ]
    events += [
        (
            _tick(one.at_beats),
            3,
            mido.MetaMessage("time_signature", numerator=one.numerator, denominator=one.denominator),
        )
        for one in song.meters
    ]
    return _track(events)


def _note_track(notes: tuple[Note, ...], name: str) -> "mido.MidiTrack":
    events = [(0, 0, mido.MetaMessage("track_name", name=name))]
    for note in notes:
        channel = DRUM_CHANNEL if name == "drums" else note.channel
        begin = _tick(note.onset_beats)
        end = max(_tick(note.onset_beats + note.duration_beats), begin + 1)
        fields = {"channel": channel, "note": note.pitch}
        events.append((end, 1, mido.Message("note_off", **fields, velocity=64)))
        events.append((begin, 2, mido.Message("note_on", **fields, velocity=max(note.velocity, 1))))
    return _track(events)


def _track(events: "list[tuple[int, int, mido.Message]]") -> "mido.MidiTrack":
    """A track of messages `(tick, rank, message)`, sorted by tick and rank."""
    track, at = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - at))
        at = tick
    track.append(mido.MetaMessage("end_of_track"))
    return track


def _tick(beats: float) -> int:
    return round(beats * TICKS_PER_BEAT)
