"""Songs as series: files, folders of them, piano-rolls."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import savemat

from echoic.config import MusicDataSettings
from echoic.errors import DataError
from echoic.sources import read
from echoic.types import MusicInfo
from echoic.types.score import ONSET, SUSTAIN, Key, Meter, Note, Song, Tempo
from echoic.writers.midi import midi_bytes

QUARTERS = MusicDataSettings(grid="quarter")


def song(pitch: int, **words: Any) -> bytes:
    return midi_bytes(Song("song", (Note(0.0, pitch, 1.0), Note(1.0, pitch, 2.0)), **words))


def test_a_file_is_one_series_with_the_annotations_of_the_song(tmp_path: Path) -> None:
    path = tmp_path / "tune.mid"
    path.write_bytes(song(60, tempos=(Tempo(0.0, 100.0),), meters=(Meter(0.0, 3, 4),), keys=(Key(0.0, "G"),)))
    dataset = read(path, QUARTERS)
    (one,) = dataset.series
    assert one.name == "tune"
    assert one.values.shape == (3, 128)
    assert one.values[:, 60].tolist() == [ONSET, ONSET, SUSTAIN]
    music = one.annotations.music
    assert music is not None
    assert [tempo.bpm for tempo in music.tempos] == pytest.approx([100.0])
    assert music == MusicInfo(True, 1.0, None, music.tempos, (Meter(0.0, 3, 4),), (Key(0.0, "G"),))
    assert one.annotations.split is None
    assert dataset.report.to_json()["notes_read"] == 2


def test_a_folder_is_read_in_order_and_its_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "b.mid").write_bytes(song(60))
    (tmp_path / "a.MIDI").write_bytes(song(62))
    (tmp_path / "below" / "c.mid").write_bytes(song(64))
    (tmp_path / "broken.mid").write_bytes(song(60)[:-2])
    (tmp_path / "drums.mid").write_bytes(midi_bytes(Song("drums", (), (Note(0.0, 36, 1.0, channel=9),))))
    (tmp_path / "readme.txt").write_text("no music")
    dataset = read(tmp_path, QUARTERS)
    assert [one.name for one in dataset.series] == ["a", "b", "c"]
    notes = dataset.report.notes
    assert "Files skipped (2):" in notes
    assert any("broken.mid, byte" in note for note in notes)
    assert any("drums.mid has no notes besides drums" in note for note in notes)
    assert "Files of kinds that are not read left out (.txt 1): 1 file (readme.txt)." in notes


def test_hidden_files_of_a_folder_are_no_songs(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(song(60))
    (tmp_path / "._a.mid").write_bytes(b"Mac OS X")
    (tmp_path / "tune.abc").write_text("X:1")
    assert read(tmp_path, QUARTERS).report.notes == (
        "Hidden files left out: 1 file (._a.mid).",
        "Files of kinds that are not read left out (.abc 1): 1 file (tune.abc).",
    )


def test_the_fingerprint_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(song(60))
    before = read(tmp_path, QUARTERS).fingerprint
    assert read(tmp_path, QUARTERS).fingerprint == before
    (tmp_path / "b.mid").write_bytes(song(60))
    assert read(tmp_path, QUARTERS).fingerprint != before


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has no files that end with .mid"),
        ({"a.mid": b"nothing"}, r"a\.mid"),
    ],
)
def test_a_folder_without_a_song_is_refused(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        read(tmp_path, QUARTERS)


ROLL = np.zeros((3, 88), np.uint8)
ROLL[[0, 1, 2], [39, 39, 43]] = 1
PITCHES: list[list[float]] = [[60], [60], [64]]


def write_json(path: Path, pitches: list[list[float]] = PITCHES) -> None:
    path.write_text(json.dumps({"train": [pitches], "val": [pitches], "test": [pitches]}))


def write_mat(path: Any) -> None:
    cell = np.empty((1, 1), object)
    cell[0, 0] = ROLL
    savemat(path, {"traindata": cell, "validdata": cell, "testdata": cell})


def write_npz(path: Any) -> None:
    np.savez(path, train_1=ROLL, valid_1=ROLL, test_1=ROLL)


@pytest.mark.parametrize(("name", "write"), [("a.json", write_json), ("a.mat", write_mat), ("a.npz", write_npz)])
def test_rolls_keep_their_splits_and_join_held_notes(tmp_path: Path, name: str, write: Callable[..., Any]) -> None:
    write(tmp_path / name)
    found = read(tmp_path / name, QUARTERS).series
    assert [one.annotations.split for one in found] == ["train", "dev", "test"]
    for one in found:
        assert one.values[:, 60].tolist() == [ONSET, SUSTAIN, 0]
        assert one.values[:, 64].tolist() == [0, 0, ONSET]
        assert one.annotations.music is not None
        assert not one.annotations.music.has_onsets


def test_a_single_array_is_a_song_without_a_split(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ROLL)
    (one,) = read(tmp_path / "a.npy", QUARTERS).series
    assert (one.name, one.steps, one.annotations.split) == ("a", 3, None)


def test_whole_numbers_written_as_decimals_are_pitches(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", [[60.0], [], [64]])
    assert read(tmp_path / "a.json", QUARTERS).series[0].values[:, 60].tolist() == [ONSET, 0, 0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not valid JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ("[]", "has no songs"),
        ("[[[60]], []]", "song 2 has no steps"),
        ('{"train": [[[60]]], "rest": [[[60]]]}', "rest 1: its name has no split, but others do"),
        ("3", "must be a list, got int"),
        ("[[3]]", "song 1, step 1 must be a list, got int"),
        ('[[[60], ["C"]]]', "song 1, step 2: a pitch must be a whole number from 0 to 127, got 'C'"),
        ("[[[128]]]", "got 128"),
        ("[[[60.5]]]", "got 60.5"),
        ("[[[true]]]", "got True"),
        ("[[[NaN]]]", "got nan"),
    ],
)
def test_bad_json_is_one_sentence_with_the_place(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError) as caught:
        read(tmp_path / "a.json", QUARTERS)
    assert words in str(caught.value)
    assert "a.json" in str(caught.value)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((3, 87)), r"must be numbers \(steps, 88\) or \(steps, 128\), got float64 \(3, 87\)"),
        (np.zeros(88), r"got float64 \(88,\)"),
        (np.full((2, 88), np.nan), "step 1 has a value that is not a number"),
        (np.full((2, 88), "x"), "must be numbers"),
    ],
)
def test_bad_arrays_are_one_sentence_with_the_place(tmp_path: Path, array: NDArray[Any], words: str) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError, match=words):
        read(tmp_path / "a.npy", QUARTERS)


def test_objects_in_numpy_files_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(DataError, match="is not a readable NumPy file"):
        read(tmp_path / "a.npy", QUARTERS)


def test_an_error_about_matlab_files_without_songs_lists_their_variables(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"weights": np.zeros(3)})
    with pytest.raises(DataError, match=r"must have cells named traindata, .* got weights"):
        read(tmp_path / "a.mat", QUARTERS)


def test_an_array_named_as_an_archive_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ROLL)
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"is a single array; rename it to end with \.npy"):
        read(tmp_path / "a.npz", QUARTERS)


def test_a_damaged_member_of_an_archive_is_one_sentence(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", train_1=np.random.default_rng(0).integers(0, 2, (400, 88)))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[300] ^= 255
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match="must contain only arrays of numbers"):
        read(tmp_path / "a.npz", QUARTERS)


def test_a_song_that_is_too_long_for_the_grid_is_left_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(song(60))
    (tmp_path / "b.mid").write_bytes(midi_bytes(Song("long", (Note(0.0, 60, 1.0), Note(5000.0, 60, 1.0)))))
    found = read(tmp_path, MusicDataSettings(grid="10ms"))
    assert [one.name for one in found.series] == ["a"]
    assert any("b.mid" in note and "choose a coarser --grid" in note for note in found.report.notes)


@pytest.mark.parametrize("name", ["a.mat", "a.npz", "a.npy"])
def test_foreign_bytes_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(DataError, match="is not a readable"):
        read(tmp_path / name, QUARTERS)
