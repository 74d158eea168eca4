"""MIDI files: reading, repairs, refusals and writing."""

import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoic.errors import DataError
from echoic.sources.midi import performance, read_songs
from echoic.types.score import Key, Meter, Note, Song, Tempo
from echoic.types.score_time import seconds_at
from echoic.writers.midi import midi_bytes

TICKS = 96
SECONDS = 5.0
"""Far more than any file of a few bytes may take."""


def varlen(number: int) -> bytes:
    out = [number & 0x7F]
    while number := number >> 7:
        out.insert(0, number & 0x7F | 0x80)
    return bytes(out)


def track(*events: tuple[int, bytes], end: bool = True) -> bytes:
    data = b"".join(varlen(delta) + message for delta, message in events)
    data += b"\x00\xff\x2f\x00" if end else b""
    return b"MTrk" + struct.pack(">L", len(data)) + data


def header(tracks: int, kind: int = 1, division: int = TICKS) -> bytes:
    return b"MThd" + struct.pack(">LHHH", 6, kind, tracks, division)


def on(pitch: int, velocity: int = 64, channel: int = 0) -> bytes:
    return bytes([0x90 | channel, pitch, velocity])


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes([0x80 | channel, pitch, 0])


def pedal(value: int) -> bytes:
    return bytes([0xB0, 64, value])


@pytest.fixture
def songs(tmp_path: Path) -> Callable[..., Any]:
    def written_and_read(content: bytes, *, pedal: bool = True) -> list[Song]:
        path = tmp_path / "song.mid"
        path.write_bytes(content)
        return read_songs(path, pedal=pedal)

    return written_and_read


def sounding_notes(song: Song) -> list[tuple[float, int, float]]:
    return [(note.onset_beats, note.pitch, note.duration_beats) for note in song.notes]


def test_notes_tempo_meter_and_key_are_read(songs: Callable[..., Any]) -> None:
    content = header(2) + track(
        (0, b"\xff\x51\x03\x07\xa1\x20"),  # 120 a minute
        (0, b"\xff\x58\x04\x03\x02\x18\x08"),  # three quarters
        (0, b"\xff\x59\x02\x02\x00"),  # D major
        (TICKS * 3, b"\xff\x51\x03\x0f\x42\x40"),  # 60 a minute
    )
    content += track((0, on(60)), (TICKS, on(60, 0)), (TICKS // 2, on(64, channel=3)), (TICKS * 2, off(64, channel=3)))
    (song,) = songs(content)
    assert sounding_notes(song) == [(0.0, 60, 1.0), (1.5, 64, 2.0)]
    assert [note.channel for note in song.notes] == [0, 3]
    assert song.tempos == (Tempo(0.0, 120.0), Tempo(3.0, 60.0))
    assert song.meters == (Meter(0.0, 3, 4),)
    assert (song.keys, song.repairs, song.beats) == ((Key(0.0, "D"),), {}, 3.5)
    assert seconds_at(song.tempos, np.array([4.0])) == pytest.approx(3 * 0.5 + 1.0)


def test_running_status_requires_no_status_byte(songs: Callable[..., Any]) -> None:
    content = header(1, 0) + track((0, on(60)), (TICKS, b"\x3c\x00"), (0, b"\x3e\x40"), (TICKS, b"\x3e\x00"))
    assert sounding_notes(songs(content)[0]) == [(0.0, 60, 1.0), (1.0, 62, 1.0)]


def test_drums_are_kept_apart(songs: Callable[..., Any]) -> None:
    content = header(1, 0) + track((0, on(36, channel=9)), (TICKS, off(36, channel=9)), (0, on(60)), (TICKS, off(60)))
    (song,) = songs(content)
    assert sounding_notes(song) == [(1.0, 60, 1.0)]
    assert [note.pitch for note in song.drums] == [36]


def test_a_file_of_patterns_has_a_song_for_each_track(songs: Callable[..., Any]) -> None:
    content = header(2, 2) + track((0, on(60)), (TICKS, off(60))) + track((0, on(62)), (TICKS, off(62)))
    found = songs(content)
    assert [sounding_notes(song) for song in found] == [[(0.0, 60, 1.0)], [(0.0, 62, 1.0)]]
    assert [song.name for song in found] == ["song, track 1", "song, track 2"]


def test_film_frames_are_counted_as_seconds(songs: Callable[..., Any]) -> None:
    frames_25, ticks_a_frame = 256 - 25, 40  # 1,000 ticks a second
    content = header(1, 0, frames_25 << 8 | ticks_a_frame) + track((0, on(60)), (1000, off(60)))
    (song,) = songs(content)
    assert seconds_at(song.tempos, np.array([song.notes[0].duration_beats])) == pytest.approx(1.0)


def test_the_pedal_lengthens_notes_until_it_is_up_or_they_are_struck_again(songs: Callable[..., Any]) -> None:
    content = header(1, 0) + track(
        (0, pedal(127)), (0, on(60)), (0, on(64)), (TICKS, off(60)), (0, off(64)), (TICKS, on(60)), (TICKS, off(60)),
        (TICKS, pedal(0)),
    )  # fmt: skip
    assert sounding_notes(songs(content)[0]) == [(0.0, 60, 2.0), (0.0, 64, 4.0), (2.0, 60, 2.0)]
    assert sounding_notes(songs(content, pedal=False)[0]) == [(0.0, 60, 1.0), (0.0, 64, 1.0), (2.0, 60, 1.0)]


@pytest.mark.parametrize(
    ("events", "notes", "repair"),
    [
        ([(0, on(60)), (TICKS, on(62)), (TICKS, off(62))], [(0.0, 60, 2.0), (1.0, 62, 1.0)], performance.HANGING),
        ([(0, on(60)), (0, off(60)), (TICKS, b"\xff\x01\x00")], [(0.0, 60, 1 / TICKS)], performance.EMPTY),
        ([(0, on(60)), (TICKS, on(60)), (TICKS, off(60))], [(0.0, 60, 1.0), (1.0, 60, 1.0)], performance.OVERLAPPING),
        ([(0, b"\xff\x51\x03\x00\x00\x00"), (0, on(60)), (TICKS, off(60))], [(0.0, 60, 1.0)], performance.NO_TEMPO),
    ],
)
def test_repairs_are_counted(
    songs: Callable[..., Any], events: list[tuple[int, bytes]], notes: list[tuple[float, int, float]], repair: str
) -> None:
    (song,) = songs(header(1, 0) + track(*events))
    assert sounding_notes(song) == notes
    assert song.repairs == {repair: 1}


def test_all_notes_off_ends_sounding_notes(songs: Callable[..., Any]) -> None:
    content = header(1, 0) + track((0, on(60)), (TICKS, b"\xb0\x7b\x00"), (TICKS, b"\xff\x01\x00"))
    (song,) = songs(content)
    assert sounding_notes(song) == [(0.0, 60, 1.0)]
    assert not song.repairs


@pytest.mark.parametrize(
    "content",
    [
        header(1, 0) + track((0, on(60)), (TICKS, off(60)), end=False),
        header(1, 0) + b"XFIH\x00\x00\x00\x02ab" + track((0, on(60)), (TICKS, off(60))),
        header(1, 0) + track((0, on(60)), (TICKS, off(60))) + b"garbage",
        b"RIFF\x00\x00\x00\x00RMIDdata\x00\x00\x00\x00" + header(1, 0) + track((0, on(60)), (TICKS, off(60))),
        header(1, 0) + track((0, bytes([0x90, 60, 0xC0])), (TICKS, off(60))),
    ],
    ids=["no end", "foreign chunk", "trailing bytes", "RIFF", "byte above 127"],
)
def test_files_that_every_player_plays_are_read(songs: Callable[..., Any], content: bytes) -> None:
    assert [note.pitch for note in songs(content)[0].notes] == [60]


GOOD = header(1, 0) + track((0, on(60)), (TICKS, off(60)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"not music at all", "byte 0: there is no MThd, so it is not a MIDI file"),
        (GOOD[:10], "byte 10: the file ends inside its header"),
        (GOOD[:-3], "declares a track of 12 bytes, but 9 are left"),
        (header(1, 7) + GOOD[14:], "byte 8: the file has type 7"),
        (header(1, 0, 0) + GOOD[14:], "byte 12: the header declares 0 ticks per beat"),
        (header(1, 0, 0xE700) + GOOD[14:], "byte 12: the header has 0 ticks per film frame"),
        (header(0), "byte 14: there is no track"),
        (header(1) + b"MTrk\xff\xff\xff\xff", "declares a track of 4,294,967,295 bytes, but 0 are left"),
        (header(1) + track((0, b"\xff\x01\xff\xff\xff\x7f")), "cannot be read as MIDI"),
        (header(1) + track((0, b"\xf4")), "byte 24 cannot be read as MIDI"),
        (header(1) + track(*[(2**28 - 1, on(60))] * 3), "beats, more than 20,000"),
    ],
)
def test_a_broken_file_is_one_sentence_with_the_place(songs: Callable[..., Any], content: bytes, words: str) -> None:
    started_at = time.process_time()
    with pytest.raises(DataError) as caught:
        songs(content)
    sentence = str(caught.value)
    assert words in sentence
    assert "song.mid" in sentence
    assert "\n" not in sentence
    assert "; " in sentence
    assert time.process_time() - started_at < SECONDS


def test_a_file_larger_than_music_is_refused_before_it_is_read(songs: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match="but at most 2,097,152 are supported"):
        songs(header(1) + b"MTrk" + struct.pack(">L", 3 << 20) + b"\x00" * (3 << 20))


@given(st.binary(max_size=60))
def test_arbitrary_bytes_never_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "song.mid"
    path.write_bytes(header(1) + b"MTrk" + struct.pack(">L", len(body)) + body)
    try:
        found = read_songs(path, pedal=True)
    except DataError as error:
        assert f"{path}" in str(error)  # noqa: PT017 (either outcome is right)
    else:
        assert all(isinstance(song, Song) for song in found)


beats = st.integers(0, 64).map(lambda quarter: quarter / 4)


@st.composite
def written(draw: Any) -> Any:
    """A song whose notes do not overlap on a pitch."""
    spans = draw(st.lists(st.tuples(beats, st.integers(0, 127), st.integers(1, 16)), max_size=20))
    notes: dict[tuple[int, float], Note] = {}
    for onset, pitch, quarters in sorted(spans):
        last = notes.get((pitch, max((o for p, o in notes if p == pitch), default=-1.0)))
        if last is None or last.onset_beats + last.duration_beats <= onset:
            notes[pitch, onset] = Note(onset, pitch, quarters / 4, velocity=draw(st.integers(1, 127)))
    return Song(
        "song",
        tuple(sorted(notes.values())),
        keys=draw(st.sampled_from([(), (Key(0.0, "C"), Key(3.0, "F#m")), (Key(0.0, "Bb"),)])),
    )


@given(written())
def test_a_song_survives_writing_and_reading(tmp_path_factory: pytest.TempPathFactory, song: Song) -> None:
    path = tmp_path_factory.mktemp("round") / "song.mid"
    path.write_bytes(midi_bytes(song))
    (back,) = read_songs(path, pedal=True)
    assert back.notes == song.notes
    assert (back.keys, back.meters, back.repairs) == (song.keys, song.meters, {})


def test_tempo_meter_and_drums_survive(tmp_path: Path) -> None:
    song = Song(
        "song",
        (Note(0.0, 60, 1.0),),
        (Note(0.5, 36, 0.25, channel=9),),
        (Tempo(0.0, 100.0), Tempo(4.0, 50.0)),
        (Meter(0.0, 6, 8), Meter(3.0, 2, 2)),
    )
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(song))
    (back,) = read_songs(path, pedal=True)
    assert back.drums == song.drums
    assert back.meters == song.meters
    assert [tempo.bpm for tempo in back.tempos] == pytest.approx([100.0, 50.0], rel=1e-5)


def test_every_note_that_begins_ends() -> None:
    """By a reader of its own: note-ons and note-offs of each pitch alternate, offs first at one tick."""
    notes = tuple(Note(step / 4, 60 + step % 2, 0.25) for step in range(16))
    content = midi_bytes(Song("song", notes))
    sounding: set[int] = set()
    at = content.rindex(b"MTrk") + 8
    while at < len(content):
        while content[at] & 0x80:
            at += 1
        status, first, second = content[at + 1 : at + 4]
        if status == 0xFF:
            at += 4 + second if first == 0x03 else 4
            at = at if first == 0x03 else len(content)
            continue
        key = first
        assert (key in sounding) == (status & 0xF0 == 0x80)
        (sounding.discard if status & 0xF0 == 0x80 else sounding.add)(key)
        at += 4
    assert not sounding
