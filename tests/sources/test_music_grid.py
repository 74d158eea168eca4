"""Notes on a grid of steps and back."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoic.errors import DataError
from echoic.sources.midi import Moves, edges_of, read_songs, to_grid, to_notes
from echoic.types.score import ONSET, SUSTAIN, Note, Song, Tempo
from echoic.writers.midi import midi_bytes


@st.composite
def on_grid(draw: Any, step_beats: float = 0.25) -> Any:
    """Notes on the grid that do not overlap on a pitch; neighbours of one pitch may touch."""
    notes = []
    for pitch in draw(st.sets(st.integers(0, 127), max_size=4)):
        at = 0
        for _ in range(draw(st.integers(1, 4))):
            at += draw(st.integers(0, 3))
            length = draw(st.integers(1, 5))
            notes.append(Note(at * step_beats, pitch, length * step_beats))
            at += length
    return Song("song", tuple(sorted(notes)))


@given(on_grid())
def test_notes_on_the_grid_survive(song: Song) -> None:
    found = to_grid(song, "sixteenth")
    assert to_notes(found.roll, edges_of(len(found.roll), 0.25)) == song.notes
    assert (found.merged, found.overlapping, found.moves) == (0, 0, Moves())


@given(on_grid())
def test_midi_to_steps_to_midi_keeps_pitch_onset_and_duration(
    tmp_path_factory: pytest.TempPathFactory, song: Song
) -> None:
    path = tmp_path_factory.mktemp("midi") / "song.mid"
    path.write_bytes(midi_bytes(song))
    steps = to_grid(read_songs(path, pedal=True)[0], "sixteenth").roll
    path.write_bytes(midi_bytes(Song("back", to_notes(steps, edges_of(len(steps), 0.25)))))
    assert read_songs(path, pedal=True)[0].notes == song.notes


def test_notes_go_to_the_nearest_step_and_last_one_at_least() -> None:
    song = Song("song", (Note(0.1, 60, 0.05), Note(0.9, 62, 1.2)))
    roll = to_grid(song, "eighth").roll
    assert roll[:, 60].tolist() == [ONSET, 0, 0, 0]
    assert roll[:, 62].tolist() == [0, 0, ONSET, SUSTAIN]


def test_a_repeated_note_begins_again() -> None:
    roll = to_grid(Song("song", (Note(0.0, 60, 1.0), Note(1.0, 60, 1.0))), "quarter").roll
    assert roll[:, 60].tolist() == [ONSET, ONSET]


def test_notes_of_one_pitch_and_step_are_merged_and_counted() -> None:
    found = to_grid(Song("song", (Note(0.0, 60, 1.0), Note(0.0, 60, 3.0, channel=1))), "quarter")
    assert found.roll[:, 60].tolist() == [ONSET, SUSTAIN, SUSTAIN]
    assert (found.merged, found.overlapping) == (1, 0)


def test_a_grid_in_seconds_follows_the_tempo() -> None:
    song = Song("song", (Note(2.0, 60, 1.0),), tempos=(Tempo(0.0, 120.0), Tempo(2.0, 60.0)))
    roll = to_grid(song, "0.25s").roll
    assert roll[:, 60].tolist() == [0, 0, 0, 0, ONSET, SUSTAIN, SUSTAIN, SUSTAIN]


def test_too_fine_a_grid_is_refused() -> None:
    with pytest.raises(DataError, match="choose a coarser --grid"):
        to_grid(Song("song", (Note(0.0, 60, 10_000.0),)), "1ms")


def test_a_sustain_without_an_onset_becomes_an_onset() -> None:
    roll = np.zeros((3, 128), np.uint8)
    roll[1:, 60] = SUSTAIN
    assert to_notes(roll, edges_of(3, 1.0)) == (Note(1.0, 60, 2.0),)
