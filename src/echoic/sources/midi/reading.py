"""MIDI files as songs."""

import io
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from echoic.errors import DataError
from echoic.extras import LazyModule
from echoic.sources.midi.chunks import Header, check_size, read_header, track_chunks
from echoic.sources.midi.performance import song_from_events
from echoic.sources.textfile import read_bytes
from echoic.types.score import Song

if TYPE_CHECKING:
    import mido
else:
    mido = LazyModule("mido")

BPM_OF_SECONDS = 120.0
"""Files with SMPTE time have no beats, so their seconds are converted to two beats each."""

Event = tuple[int, Any]
"""Absolute tick, and the mido message."""


def read_songs(path: Path, *, pedal: bool) -> list[Song]:
    """The song of a file of type 0 or 1, or one song per track of type 2.

    Errors that players tolerate are repaired and counted in `Song.repairs`: notes that never end, that have no
    duration or start again while they sound; data bytes above 127; a tempo of 0.

    Raises:
        DataError: the file is missing, too large, truncated or not MIDI; the message has the byte and the remedy.
    """
    raw = read_bytes(path)
    check_size(path, raw)
    header = read_header(path, raw)
    ticks_per_beat = _ticks_per_beat(path, header)
    tracks = [_events(path, header, begin, data) for begin, data in track_chunks(path, raw, header)]
    if header.kind == 2:
        named = [(f"{path.stem}, track {number}", track, 1) for number, track in enumerate(tracks, 1)]
    else:
        merged = sorted((event for track in tracks for event in track), key=lambda event: event[0])
        named = [(path.stem, merged, sum(map(_has_notes, tracks)))]
    return [
        song_from_events(name, events, ticks_per_beat, pedal=pedal, tracks=with_notes, origin=str(path))
        for name, events, with_notes in named
    ]


def _has_notes(track: Sequence[Event]) -> bool:
    return any(message.type == "note_on" for _, message in track)


def _ticks_per_beat(path: Path, header: Header) -> float:
    if not header.division & 0x8000:
        return header.division
    frames_per_second, ticks_per_frame = 256 - (header.division >> 8), header.division & 0xFF
    if not ticks_per_frame:
        raise DataError(f"{path}, byte {header.start + 12}: the header has 0 ticks per film frame; export it again.")
    return frames_per_second * ticks_per_frame * 60 / BPM_OF_SECONDS


def _events(path: Path, header: Header, begin: int, data: bytes) -> list[Event]:
    """The messages of one track, parsed as a file of its own to locate errors."""
    frame = struct.pack(">4sLHHH4sL", b"MThd", 6, 0, 1, header.division & 0x7FFF or 1, b"MTrk", len(data))
    stream = io.BytesIO(frame + data)
    open_midi = mido.MidiFile  # outside of the `try`, because a missing package is not a damaged file
    try:
        (track,) = open_midi(file=stream, clip=True).tracks
    except Exception as error:  # noqa: BLE001 (the library raises many kinds of exceptions)
        at = min(begin + max(stream.tell() - len(frame), 0), begin + len(data))
        reason = str(error).strip(" .'") or type(error).__name__
        raise DataError(f"{path}, byte {at} cannot be read as MIDI ({reason}); export or copy it again.") from None
    return list(_absolute(track))


def _absolute(track: Iterable[Any]) -> Iterable[Event]:
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message
