"""What music is read without is counted, and said."""

from pathlib import Path
from typing import Any

import mido
import pytest

from echoic.config import MusicDataSettings
from echoic.sources import read

TICKS = 480


def written(path: Path, *tracks: list[tuple[int, Any]]) -> Path:
    """A MIDI file of messages at ticks."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    for messages in tracks:
        track, at = mido.MidiTrack(), 0
        for tick, message in sorted(messages, key=lambda one: one[0]):
            track.append(message.copy(time=tick - at))
            at = tick
        file.tracks.append(track)
    file.save(path)
    return path


def note(pitch: int, tick: int, ticks: int, velocity: int = 80, channel: int = 0) -> list[tuple[int, Any]]:
    fields = {"note": pitch, "channel": channel}
    return [
        (tick, mido.Message("note_on", velocity=velocity, **fields)),
        (tick + ticks, mido.Message("note_off", **fields)),
    ]


def line(step: int, count: int = 24, **words: Any) -> list[tuple[int, Any]]:
    return [message for at in range(count) for message in note(60 + at % 5, at * step, step, **words)]


def report(path: Path, grid: str = "sixteenth", *, pedal: bool = True) -> Any:
    return read(path, MusicDataSettings(grid=grid, pedal=pedal)).report


def test_music_that_is_modelled_completely_has_no_notes(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mid", line(120), [(0, mido.MetaMessage("set_tempo", tempo=400_000))])
    assert report(path).notes == ()


def test_everything_that_is_left_out_is_counted(tmp_path: Path) -> None:
    messages: list[tuple[int, Any]] = [
        (0, mido.Message("program_change", program=40)),
        (0, mido.Message("program_change", program=24, channel=1)),
        (0, mido.Message("program_change", program=1, channel=9)),
        *((tick, mido.Message("pitchwheel", pitch=tick)) for tick in (10, 20, 30)),
        *((tick, mido.Message("control_change", control=7, value=tick)) for tick in (10, 20)),
        (5, mido.Message("control_change", control=64, value=0)),
        (5, mido.Message("aftertouch", value=3)),
        (6, mido.Message("polytouch", note=60, value=3)),
        (7, mido.MetaMessage("lyrics", text="la")),
        (8, mido.Message("sysex", data=(1, 2))),
        (9, mido.MetaMessage("track_name", name="violin")),
        *note(36, 0, 120, channel=9),
    ]
    second = [*line(240, 12, velocity=99, channel=1), *note(72, 0, 960, velocity=30, channel=1)]
    found = report(written(tmp_path / "a.mid", [*messages, *line(120)], second))
    assert found.to_json()["left_out"] == {
        "velocities": (30, 99),
        "instruments": (24, 40),
        "channels": 2,
        "tracks": 2,
        "pitch_bends": 3,
        "control_changes": 2,
        "aftertouch": 2,
        "texts": 1,
        "other": 1,
    }
    for words in (
        "1 drum note was left out.",
        "Velocities (30 to 99) are not modelled",
        "2 instruments (programs 24, 40) are not modelled",
        "up to 2 channels",
        "up to 2 tracks",
        "3 pitch bends were left out.",
        "2 control changes were left out.",
        "2 aftertouch messages were left out.",
        "1 lyric or text was left out.",
        "1 other message was left out.",
    ):
        assert any(words in one for one in found.notes), words
    assert report(tmp_path / "a.mid", pedal=False).left_out.control_changes == 3


@pytest.mark.parametrize("program", [0, 40])
def test_one_instrument_is_a_note_unless_it_is_the_one_of_generated_music(tmp_path: Path, program: int) -> None:
    messages = [(0, mido.Message("program_change", program=program)), *line(240)]
    wanted = [] if program == 0 else ["The instrument (program 40) is not modelled: what is generated has program 0."]
    assert [one for one in report(written(tmp_path / "a.mid", messages)).notes if "instrument" in one] == wanted


def test_notes_moved_to_the_grid_are_counted_with_the_farthest(tmp_path: Path) -> None:
    messages = [*note(60, 0, 120), *note(62, 150, 120), *note(64, 350, 130), *note(65, 480, 360)]
    on_grid = report(written(tmp_path / "a.mid", messages)).on_grid
    assert (on_grid.moved, on_grid.farthest) == (2, pytest.approx(30 / TICKS))
    assert (on_grid.resized, on_grid.most) == (1, pytest.approx(10 / TICKS))
    assert (
        "2 of 4 notes were moved to the grid (sixteenth), by at most 0.0625 quarter notes."
        in report(tmp_path / "a.mid").notes
    )


def test_in_seconds_notes_move_by_seconds(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mid", [*note(60, 0, 480), *note(62, 528, 432)])
    on_grid = report(path, "0.5s").on_grid
    assert (on_grid.moved, on_grid.farthest) == (1, pytest.approx(0.05))


def test_what_the_file_cannot_tell_apart_is_not_moved(tmp_path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=100)
    track = mido.MidiTrack()
    for ticks in (33, 33, 34) * 4:
        track.append(mido.Message("note_on", note=60))
        track.append(mido.Message("note_off", note=60, time=ticks))
    file.tracks.append(track)
    file.save(tmp_path / "a.mid")
    found = report(tmp_path / "a.mid", "1/8T").on_grid
    assert (found.moved, found.resized, found.better) == (0, 0, None)


def test_notes_that_begin_while_their_pitch_sounds_elsewhere_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.mid", note(60, 0, 960), [*note(60, 480, 240, channel=1), *note(64, 0, 120)])
    found = report(path)
    assert found.on_grid.overlapping == 1
    assert "1 note was begun again while the same pitch sounded." in found.notes


@pytest.mark.parametrize(
    ("ticks", "grid", "better"),
    [
        (160, "sixteenth", "1/8T"),
        (80, "sixteenth", "1/16T"),
        (60, "sixteenth", "1/32"),
        (160, "1/32", "1/8T"),
        (120, "1/8T", "1/16"),
        (160, "triplet", None),
        (120, "sixteenth", None),
        (160, "0.1s", None),
    ],
)
def test_a_grid_that_fits_is_named_where_the_own_one_does_not(
    tmp_path: Path, ticks: int, grid: str, better: str | None
) -> None:
    found = report(written(tmp_path / "a.mid", line(ticks, 48)), grid)
    assert (found.on_grid.better and found.on_grid.better.grid) == better
    assert any(f"train with --grid {better}." in one for one in found.notes) == (better is not None)


def test_sixteenths_beside_triplets_need_a_grid_of_both(tmp_path: Path) -> None:
    later = [(tick + 24 * 160, message) for tick, message in line(120, 48)]
    better = report(written(tmp_path / "a.mid", [*line(160), *later])).on_grid.better
    assert better is not None
    assert better.grid == "1/48"
    assert better.fits == 1.0


def test_free_timing_has_no_better_grid(tmp_path: Path) -> None:
    messages = [message for at in range(60) for message in note(60 + at % 7, at * 120 + at * 37 % 61, 100)]
    on_grid = report(written(tmp_path / "a.mid", messages)).on_grid
    assert on_grid.moved > 50
    assert on_grid.better is None
